//! Run other people's code and heavy byte work outside V8.
