//! Source maps: from a place in generated code to the place in its source, and whole stack traces at once.
//!
//! It reads version 3 maps, from JSON or from the data URL at the end of a script; no index maps (`sections`), no files
//! and no URLs. Data in: JSON and stack text from anyone. Data out: 1-based positions. Columns are the map's own, UTF-16 units.

mod inline;
mod stack;
#[cfg(test)]
mod tests;

pub use stack::rewrite_stack;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The longest map that is parsed, in bytes of JSON.
pub const MAP_BYTES_MAX: usize = 32 << 20;

/// The most segments and generated lines of a map, together.
pub const SEGMENTS_MAX: usize = 2_000_000;

/// A parsed source map.
#[derive(Clone, Debug)]
pub struct SourceMap {
    sources: Vec<String>,
    names: Vec<String>,
    /// By generated line, then column.
    segments: Vec<Segment>,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The source as the map calls it, with `sourceRoot` before it.
    pub source: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in UTF-16 units.
    pub column: u32,
    /// What the source calls the thing that stands there, where the map says so.
    pub name: Option<String>,
}

/// Why a source map cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceMapError {
    /// More than [`MAP_BYTES_MAX`] or [`SEGMENTS_MAX`].
    #[error("source map too large: {0}, the limit is {1}")]
    TooLarge(usize, usize),
    /// Not JSON, or not the JSON of a source map.
    #[error("source map is not valid: {0}")]
    Json(#[from] serde_json::Error),
    /// Not version 3, or an index map.
    #[error("source map is not supported: {0}")]
    Unsupported(&'static str),
    /// The mappings do not decode, or point outside the map.
    #[error("source map has bad mappings: {0}")]
    Mappings(String),
    /// The data URL does not decode to text.
    #[error("source map's data URL does not decode: {0}")]
    DataUrl(String),
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    generated: (u32, u32),
    line: u32,
    column: u32,
    source: Option<u32>,
    name: Option<u32>,
}

/// The members that matter here; `sourcesContent`, the bulk of a map, is skipped.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    version: u32,
    #[serde(default)]
    source_root: Option<String>,
    #[serde(default)]
    sources: Vec<Option<String>>,
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    mappings: String,
    #[serde(default)]
    sections: Option<IgnoredAny>,
}

impl SourceMap {
    /// Parses a source map's JSON, with or without the `)]}'` line that some servers put before it.
    ///
    /// # Errors
    ///
    /// A [`SourceMapError`] for everything else, whatever it holds.
    ///
    /// ```
    /// use hostbox_source::source_map::SourceMap;
    /// let map = SourceMap::parse(r#"{"version":3,"sources":["a.ts"],"names":[],"mappings":"AACE"}"#)?;
    /// let position = map.lookup(1, 1).unwrap();
    /// assert_eq!((position.source.as_str(), position.line, position.column), ("a.ts", 2, 3));
    /// # Ok::<(), hostbox_source::source_map::SourceMapError>(())
    /// ```
    pub fn parse(json: &str) -> Result<Self, SourceMapError> {
        if json.len() > MAP_BYTES_MAX {
            return Err(SourceMapError::TooLarge(json.len(), MAP_BYTES_MAX));
        }
        let json = if json.starts_with(")]}'") { json.split_once('\n').map_or("", |(_, rest)| rest) } else { json };
        let json: Json = serde_json::from_str(json)?;
        if json.version != 3 {
            return Err(SourceMapError::Unsupported("its version is not 3"));
        }
        if json.sections.is_some() {
            return Err(SourceMapError::Unsupported("it is an index map"));
        }
        let count = json.mappings.bytes().filter(|byte| matches!(byte, b',' | b';')).count() + 1;
        if count > SEGMENTS_MAX {
            return Err(SourceMapError::TooLarge(count, SEGMENTS_MAX));
        }
        let root = json.source_root.unwrap_or_default();
        let separator = if root.is_empty() || root.ends_with('/') { "" } else { "/" };
        // A source without a name keeps its index, and `lookup` finds nothing there.
        let named =
            |source: Option<String>| source.map_or_else(String::new, |source| format!("{root}{separator}{source}"));
        if root.len().saturating_mul(json.sources.len()) > MAP_BYTES_MAX {
            return Err(SourceMapError::TooLarge(root.len().saturating_mul(json.sources.len()), MAP_BYTES_MAX));
        }
        let segments = decode(json.mappings, json.sources.len(), json.names.len())?;
        Ok(Self { sources: json.sources.into_iter().map(named).collect(), names: json.names, segments })
    }

    /// Parses the map in the last `//# sourceMappingURL=data:…` comment of `source`; `None` where there is none, or where it
    /// is no data URL.
    pub fn from_inline(source: &str) -> Option<Result<Self, SourceMapError>> {
        let url = inline::last_data_url(source)?;
        Some(inline::decode(url).and_then(|json| Self::parse(&json)))
    }

    /// Where line `line` and column `column` of the generated code, both 1-based, come from. `None` where the map says nothing.
    pub fn lookup(&self, line: u32, column: u32) -> Option<Position> {
        let generated = (line.checked_sub(1)?, column.checked_sub(1)?);
        let after = self.segments.partition_point(|segment| segment.generated <= generated);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        if segment.generated.0 != generated.0 {
            return None;
        }
        let source = self.sources.get(segment.source? as usize).filter(|source| !source.is_empty())?;
        let name = segment.name.and_then(|name| self.names.get(name as usize));
        Some(Position {
            source: source.clone(),
            line: segment.line.checked_add(1)?,
            column: segment.column.checked_add(1)?,
            name: name.cloned(),
        })
    }
}

/// Decodes VLQ mappings. The names and sources are dummies: the decoder only counts them.
fn decode(mappings: String, sources: usize, names: usize) -> Result<Vec<Segment>, SourceMapError> {
    // The decoder takes every other byte for a digit.
    if let Some(bad) = mappings.bytes().find(|&byte| !byte.is_ascii_alphanumeric() && !b"+/,;".contains(&byte)) {
        return Err(SourceMapError::Mappings(format!("byte {bad} is no base64 digit")));
    }
    let decoded = oxc_sourcemap::SourceMap::from_json(oxc_sourcemap::JSONSourceMap {
        version: 3,
        file: None,
        mappings,
        source_root: None,
        sources: vec![String::new(); sources],
        sources_content: None,
        names: vec![String::new(); names],
        debug_id: None,
        x_google_ignore_list: None,
    })
    .map_err(|error| SourceMapError::Mappings(error.to_string()))?;
    let mut segments: Vec<_> = decoded
        .get_tokens()
        .map(|token| Segment {
            generated: (token.get_dst_line(), token.get_dst_col()),
            line: token.get_src_line(),
            column: token.get_src_col(),
            source: token.get_source_id(),
            name: token.get_name_id(),
        })
        .collect();
    // Columns of one line may come in any order.
    segments.sort_by_key(|segment| segment.generated);
    Ok(segments)
}
