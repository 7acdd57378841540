// Performance needs no operation of its own: the engine has a clock.
