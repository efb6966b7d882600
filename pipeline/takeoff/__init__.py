"""The simulation of full automation: scenarios on draws of several posteriors."""
