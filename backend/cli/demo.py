"""`balai demo`: the main job, played over HTTP against the running system."""

COMMANDS = ()
