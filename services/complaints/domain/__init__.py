"""What a by-law could print about complaints: states, moves, clocks, routing, who sees what. Pure, without I/O."""
