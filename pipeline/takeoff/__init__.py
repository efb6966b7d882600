"""The simulation of full automation, for the stage *takeoff*: scenarios, paths, outcomes, page."""
