//! What users have, as a component: a component, its text, or a core module that says how to be one.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Encoding, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::error::{Error, Result};

/// The bytes of a component.
///
/// # Errors
/// [`Error::Compile`] that says what the bytes are.
pub(super) fn component(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let bytes = if bytes.starts_with(b"\0asm") { Cow::Borrowed(bytes) } else { text(bytes)? };
    let module = Module::read(&bytes)?;
    let Some(module) = module else { return Ok(bytes) };
    module.wrap(&bytes).map(Cow::Owned)
}

fn text(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let not_wasm = || Error::Compile(format!("it is not WebAssembly: {}", beginning(bytes)));
    let text = std::str::from_utf8(bytes).map_err(|_| not_wasm())?;
    let is_text = text.trim_start().starts_with(['(', ';']);
    if !is_text {
        return Err(not_wasm());
    }
    wat::parse_str(text).map(Cow::Owned).map_err(|error| Error::Compile(error.to_string()))
}

fn beginning(bytes: &[u8]) -> String {
    match bytes.get(..bytes.len().min(8)) {
        None | Some([]) => "it has no bytes".into(),
        Some(first) => {
            format!("it begins with {}, not with 00 61 73 6d", first.iter().map(hex).collect::<Vec<_>>().join(" "))
        }
    }
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

/// What of a core module tells how it can be a component.
#[derive(Default)]
struct Module {
    has_types: bool,
    has_start: bool,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Module {
    /// None where the bytes are a component.
    fn read(bytes: &[u8]) -> Result<Option<Module>> {
        let failed = |error: wasmparser::BinaryReaderError| Error::Compile(error.to_string());
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(failed)? {
                Payload::Version { encoding: Encoding::Component, .. } => return Ok(None),
                Payload::CustomSection(section) if section.name().starts_with("component-type") => {
                    module.has_types = true
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        module.imports.push(import.map_err(failed)?.module.to_string());
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let name = export.map_err(failed)?.name;
                        module.has_start |= name == "_start";
                        module.exports.push(name.to_string());
                    }
                }
                _ => {}
            }
        }
        Ok(Some(module))
    }

    fn wrap(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let is_preview1 = self.imports.iter().any(|name| name == WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME);
        if !self.has_types && !is_preview1 {
            return Err(Error::Compile(self.refusal()));
        }
        let failed = |error| Error::Compile(format!("it is a core module that does not become a component: {error:#}"));
        let mut encoder = ComponentEncoder::default().module(bytes).map_err(failed)?;
        if is_preview1 {
            let adapter = if self.has_start {
                WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
            } else {
                WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
            };
            encoder = encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter).map_err(failed)?;
        }
        // Languages with a runtime give no memory before it has started, and the adapter needs some for that.
        encoder.realloc_via_memory_grow(true).encode().map_err(failed)
    }

    fn refusal(&self) -> String {
        let list = |names: &[String]| match names.split_at_checked(5) {
            Some((first, rest)) if !rest.is_empty() => format!("{} and {} more", first.join(", "), rest.len()),
            _ if names.is_empty() => "nothing".into(),
            _ => names.join(", "),
        };
        format!(
            "it is a core module without component types, and a component is asked for (it imports {}; it exports {}): build it for \
             wasm32-wasip2, embed its WIT with `wasm-tools component embed`, or run it with wasi where it is a command",
            list(&self.imports),
            list(&self.exports),
        )
    }
}
