// The events of uncaught errors need no operation of their own: the host calls this module.
