// Messages are turns of their own: see immediate in host:timers.
