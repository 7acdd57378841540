//! The buffer store and the native byte operations of hostbox.
