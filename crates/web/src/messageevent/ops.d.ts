// MessageEvent needs no operation.
