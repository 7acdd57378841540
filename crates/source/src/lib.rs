//! TypeScript to JavaScript, and stack traces mapped back to their sources.
