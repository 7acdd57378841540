//! Modules that a script compiles, instantiates and calls: what stands behind the JavaScript API of WebAssembly.
//!
//! One store a sandbox, made on first use, on the thread that runs the sandbox. What is made in it (functions, memories, tables, globals)
//! has a number, and lives as long as the store does. The script's side comes in as a [`Host`]: it calls imported functions, and
//! says when a call is to end.
//!
//! Specification: WebAssembly JavaScript Interface, <https://webassembly.github.io/spec/js-api/>

mod calls;
mod code;
mod externs;
mod linking;
mod machine;
mod store;

pub use code::{Kind, Module};
pub use externs::Span;
pub use store::{Host, Scripts, Thrown};

/// A value that crosses between a script and a module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// `i32`
    I32(i32),
    /// `i64`
    I64(i64),
    /// `f32`
    F32(f32),
    /// `f64`
    F64(f64),
    /// `funcref`: the number of a function, or null.
    Func(Option<u32>),
}

/// Why something was refused or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `CompileError`
    Compile(String),
    /// `LinkError`
    Link(String),
    /// `RuntimeError`
    Trap(String),
    /// `RangeError`: a limit of the sandbox, or an index beyond an end.
    Range(String),
    /// `TypeError`
    Type(String),
    /// The host threw, and knows what.
    Thrown,
}

impl Failure {
    fn text(self) -> String {
        match self {
            Failure::Compile(text)
            | Failure::Link(text)
            | Failure::Trap(text)
            | Failure::Range(text)
            | Failure::Type(text) => text,
            Failure::Thrown => String::new(),
        }
    }
}

/// The result of what a script asks for.
pub type Result<T> = std::result::Result<T, Failure>;
