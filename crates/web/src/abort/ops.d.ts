// Abort needs no operation of its own: `AbortSignal.timeout` uses `setTimeoutFor` of `host:timers`.
