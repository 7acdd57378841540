//! What guests of hostbox see: Web APIs and host services.
