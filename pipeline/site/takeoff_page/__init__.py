"""The page of the simulation of full automation."""
