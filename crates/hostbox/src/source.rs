//! Sources before they reach the engine: types stripped, source maps kept for the stacks to come.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use hostbox_engine::{Code, Failure, Format, PluginSource};
use hostbox_source::source_map::{self, SourceMap};

/// A plugin as the app gives it.
#[derive(Clone, Debug, Default)]
pub struct Plugin {
    /// Its name in the sandbox.
    pub name: String,
    /// Its source.
    pub source: String,
    /// The name that stack traces show; the plugin's own with `.js` where nothing is said.
    pub filename: Option<String>,
    /// `None`: by the file name, else by the source.
    pub format: Option<Format>,
    /// `None`: by the file name.
    pub typescript: Option<bool>,
    /// A source map as JSON; an inline one is found by itself.
    pub source_map: Option<String>,
    /// Whether a loaded plugin of this name gives way.
    pub replace: bool,
}

/// Source maps that one sandbox keeps.
const MOST_MAPS: usize = 1_024;

/// Source maps of one sandbox, by file name. Parsed when the first stack asks for one.
#[derive(Clone, Default)]
pub struct Sources {
    maps: Arc<RwLock<HashMap<String, Arc<Entry>>>>,
}

struct Entry {
    text: Text,
    parsed: OnceLock<Option<SourceMap>>,
}

enum Text {
    Map(String),
    /// The end of a source with an inline map.
    Inline(String),
}

impl Entry {
    fn map(&self) -> Option<&SourceMap> {
        let parse = || match &self.text {
            Text::Map(json) => SourceMap::parse(json).ok(),
            Text::Inline(source) => SourceMap::from_inline(source)?.ok(),
        };
        self.parsed.get_or_init(parse).as_ref()
    }
}

impl Sources {
    /// Makes a plugin ready for the engine.
    ///
    /// # Errors
    /// `ERR_GUEST` for TypeScript that cannot be parsed, with file, line and column; `ERR_ARGUMENT` for a source map that is none.
    pub fn prepare(&self, plugin: Plugin) -> Result<PluginSource, Failure> {
        let Plugin { name, source, filename, format, typescript, source_map, replace } = plugin;
        let filename = filename.unwrap_or_else(|| format!("{name}.js"));
        let (format_by_name, typescript_by_name) = by_extension(&filename);
        let is_typescript = typescript.unwrap_or(typescript_by_name);
        let format = format.or(format_by_name);
        let mut text = source_map.map(Text::Map);
        if let Some(Text::Map(json)) = &text
            && let Err(error) = SourceMap::parse(json)
        {
            let message = format!("Expected a source map for sourceMap but received something else: {error}");
            return Err(Failure::new(Code::Argument, message));
        }
        let source = if is_typescript {
            let kind = if format == Some(Format::CommonJs) { Kind::CommonJs } else { Kind::Module };
            let (code, map) = types::strip(&source, &filename, kind)?;
            text = map.map(Text::Map);
            code
        } else {
            if text.is_none() && source.contains("sourceMappingURL=data:") {
                let start = source.rfind("sourceMappingURL=data:").and_then(|at| source[..at].rfind('\n')).unwrap_or(0);
                text = Some(Text::Inline(source[start..].to_owned()));
            }
            source
        };
        self.keep(&filename, text);
        Ok(PluginSource { name, source, filename, format, replace })
    }

    /// Whether `prepare` has nothing to parse: it is done in no time.
    pub fn is_ready(plugin: &Plugin) -> bool {
        let by_name = plugin.filename.as_deref().is_some_and(|filename| by_extension(filename).1);
        plugin.source_map.is_none() && !plugin.typescript.unwrap_or(by_name)
    }

    /// A classic script without its types.
    ///
    /// # Errors
    /// `ERR_GUEST` with file, line and column.
    pub fn strip_script(&self, source: &str, filename: &str) -> Result<String, Failure> {
        let (code, map) = types::strip(source, filename, Kind::Script)?;
        self.keep(filename, map.map(Text::Map));
        Ok(code)
    }

    fn keep(&self, filename: &str, text: Option<Text>) {
        let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
        match text {
            // Beyond this the app makes up names; stacks of the newest sources stay as the engine gives them.
            Some(text) if maps.len() < MOST_MAPS || maps.contains_key(filename) => {
                maps.insert(filename.to_owned(), Arc::new(Entry { text, parsed: OnceLock::new() }));
            }
            _ => {
                maps.remove(filename);
            }
        }
    }

    /// A stack with the places of the sources instead of the bundle's.
    pub fn map_stack(&self, stack: &str) -> String {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        if maps.is_empty() {
            return stack.to_owned();
        }
        source_map::rewrite_stack(stack, |file| maps.get(file).and_then(|entry| entry.map()))
    }
}

fn by_extension(filename: &str) -> (Option<Format>, bool) {
    match filename.rsplit_once('.').map(|(_, extension)| extension) {
        Some("mjs") => (Some(Format::Module), false),
        Some("cjs") => (Some(Format::CommonJs), false),
        Some("mts") => (Some(Format::Module), true),
        Some("cts") => (Some(Format::CommonJs), true),
        Some("ts" | "tsx") => (None, true),
        _ => (None, false),
    }
}

/// What a source is run as.
#[derive(Clone, Copy)]
enum Kind {
    CommonJs,
    Module,
    Script,
}

#[cfg(feature = "typescript")]
mod types {
    use hostbox_engine::Failure;
    use hostbox_source::typescript::{SourceKind, StripOptions, SyntaxError};

    use super::Kind;

    /// The source without its types, and its map.
    pub(super) fn strip(source: &str, filename: &str, kind: Kind) -> Result<(String, Option<String>), Failure> {
        let kind = match kind {
            Kind::CommonJs => SourceKind::CommonJs,
            Kind::Module => SourceKind::Module,
            Kind::Script => SourceKind::Script,
        };
        let options = StripOptions { kind, source_map: true };
        let stripped = hostbox_source::typescript::strip(source, filename, options).map_err(|error| {
            let SyntaxError { message, line, column, filename } = error;
            Failure::syntax_error(message, &filename, line, column)
        })?;
        Ok((stripped.code, stripped.map))
    }
}

#[cfg(not(feature = "typescript"))]
mod types {
    use hostbox_engine::{Code, Failure};

    use super::Kind;

    pub(super) fn strip(_source: &str, filename: &str, _kind: Kind) -> Result<(String, Option<String>), Failure> {
        let message =
            format!("{filename} is TypeScript, which this build of hostbox has not: enable its feature `typescript`");
        Err(Failure::new(Code::Argument, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_decides_format_and_types() {
        assert_eq!(by_extension("a/b.mts"), (Some(Format::Module), true));
        assert_eq!(by_extension("b.cjs"), (Some(Format::CommonJs), false));
        assert_eq!(by_extension("b.ts"), (None, true));
        assert_eq!(by_extension("plugin"), (None, false));
    }

    #[test]
    #[cfg(not(feature = "typescript"))]
    fn typescript_is_refused_where_it_was_left_out() {
        let plugin = Plugin { name: "p".into(), filename: Some("p.ts".into()), ..Plugin::default() };
        let failure = Sources::default().prepare(plugin).unwrap_err();
        assert!(failure.code == Code::Argument && failure.message.contains("`typescript`"));
    }

    #[test]
    #[cfg(feature = "typescript")]
    fn a_syntax_error_in_typescript_tells_its_place() {
        let plugin = Plugin {
            name: "p".into(),
            source: "let a: = 1;".into(),
            filename: Some("p.ts".into()),
            ..Plugin::default()
        };
        let failure = Sources::default().prepare(plugin).unwrap_err();
        assert_eq!(failure.code, Code::Guest);
        assert!(failure.guest.unwrap().stack.unwrap().contains("p.ts:1:8"));
    }

    #[test]
    fn a_source_map_that_is_none_is_refused() {
        let plugin = Plugin { name: "p".into(), source_map: Some("{}".into()), ..Plugin::default() };
        assert_eq!(Sources::default().prepare(plugin).unwrap_err().code, Code::Argument);
    }
}
