"""What is done with complaints: submitted, routed, moved along the workflow, supported, rated, swept when a clock ends."""
