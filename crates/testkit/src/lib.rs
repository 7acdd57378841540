//! Loopback servers that misbehave.
