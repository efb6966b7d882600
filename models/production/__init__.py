"""Models of what progress is made of: research that turns into ideas, and training compute."""
