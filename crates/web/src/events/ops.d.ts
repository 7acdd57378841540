// Events need no operation of their own: what a listener throws goes to `host:report`.
