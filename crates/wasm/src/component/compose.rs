//! Components linked by their interfaces, as one component.
//!
//! An export satisfies an import of the same interface, or of a lower version on the same track of semver (`1.2.0` for `1.1.0`, `0.1.3` for `0.1.1`, and
//! not `2.0.0`), where its functions and types are those that are asked for, or more.

use semver::Version;
use wac_graph::types::{ItemKind, SubtypeChecker};
use wac_graph::{CompositionGraph, EncodeOptions};

use super::plug::{Part, failed};
use crate::error::{Error, Result};

/// A component that others take their imports from.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// The import that it is for, with or without version, or short; none where its exports say it.
    pub(super) name: Option<&'a str>,
    pub(super) bytes: &'a [u8],
}

/// The component that exports what the root exports, with its imports satisfied.
pub(super) fn compose(root: &[u8], with: &[Given<'_>]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut composition = Composition { parts: Vec::new(), names: Vec::new(), states: vec![State::New; with.len()] };
    let root = Part::new(&mut graph, "hostbox:root", root.to_vec())?;
    for (index, given) in with.iter().enumerate() {
        composition.parts.push(Part::new(&mut graph, &format!("hostbox:part{index}"), given.bytes.to_vec())?);
        composition.names.push(given.name);
    }
    composition.check_names(&graph, &root)?;
    composition.link(&mut graph, &root, None)?;
    if let Some(unused) = composition.states.iter().position(|state| *state == State::New) {
        let names = exports(&graph, &composition.parts[unused]).join(", ");
        return Err(Error::Link(format!("nothing imports what one of the components exports: {names}")));
    }
    for name in exports(&graph, &root) {
        let export = graph.alias_instance_export(root.instance, &name).map_err(failed)?;
        graph.export(export, &name).map_err(failed)?;
    }
    graph.encode(EncodeOptions { validate: false, ..EncodeOptions::default() }).map_err(failed)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// Its own imports are being looked for.
    Open,
    Linked,
}

struct Composition<'a> {
    parts: Vec<Part>,
    names: Vec<Option<&'a str>>,
    states: Vec<State>,
}

impl Composition<'_> {
    fn check_names(&self, graph: &CompositionGraph, root: &Part) -> Result<()> {
        let imports: Vec<_> = self.parts.iter().chain([root]).flat_map(|part| imports(graph, part)).collect();
        for name in self.names.iter().flatten() {
            if !imports.iter().any(|import| is_meant(import, name)) {
                let imports = imports.join(", ");
                return Err(Error::Link(format!(
                    "{name} is an import of none of the components, which import: {imports}"
                )));
            }
        }
        Ok(())
    }

    /// Satisfies the imports of a part, and first those of the parts that it needs.
    fn link(&mut self, graph: &mut CompositionGraph, part: &Part, own: Option<usize>) -> Result<()> {
        for import in imports(graph, part) {
            let Some((index, export)) = self.find(graph, part, &import, own)? else { continue };
            if self.states[index] == State::Open {
                return Err(Error::Link(format!("{import} comes from a component that itself waits for it: a cycle")));
            }
            if self.states[index] == State::New {
                self.states[index] = State::Open;
                let needed = self.parts[index];
                self.link(graph, &needed, Some(index))?;
                self.states[index] = State::Linked;
            }
            let alias = graph.alias_instance_export(self.parts[index].instance, &export).map_err(failed)?;
            graph.set_instantiation_argument(part.instance, &import, alias).map_err(failed)?;
        }
        Ok(())
    }

    /// The part and its export that satisfy an import; none where the import stays open.
    fn find(
        &self,
        graph: &CompositionGraph,
        part: &Part,
        import: &str,
        own: Option<usize>,
    ) -> Result<Option<(usize, String)>> {
        let named = self.names.iter().position(|name| name.is_some_and(|name| is_meant(import, name)));
        let mut obstacle = None;
        for (index, other) in self.parts.iter().enumerate() {
            let is_candidate = named.map_or(self.names[index].is_none(), |named| named == index);
            if !is_candidate || Some(index) == own {
                continue;
            }
            for export in exports(graph, other).into_iter().filter(|export| plain(export) == plain(import)) {
                match difference(graph, (part, import), (other, &export)) {
                    None => return Ok(Some((index, export))),
                    Some(reason) => obstacle = Some(reason),
                }
            }
        }
        match (obstacle, named) {
            (Some(reason), _) => Err(Error::Link(format!("the import {import} is not satisfied: {reason}"))),
            (None, Some(named)) => {
                let exports = exports(graph, &self.parts[named]).join(", ");
                Err(Error::Link(format!(
                    "the import {import} is not satisfied: the component given for it exports {exports}"
                )))
            }
            (None, None) => Ok(None),
        }
    }
}

/// What keeps an export from being used for an import of the same name but for the version.
fn difference(graph: &CompositionGraph, import: (&Part, &str), export: (&Part, &str)) -> Option<String> {
    match (version(import.1), version(export.1)) {
        (Some(wanted), Some(found)) if track(&wanted) != track(&found) => {
            return Some(format!("{} is not compatible with version {wanted}", export.1));
        }
        (Some(wanted), Some(found)) if found < wanted => {
            return Some(format!("{} is older than version {wanted}", export.1));
        }
        (None, Some(_)) | (Some(_), None) => return Some(format!("only one of it and {} has a version", export.1)),
        _ => {}
    }
    let kind = |part: &Part, name: &str, is_import: bool| -> Option<ItemKind> {
        let world = &graph.types()[graph[part.package].ty()];
        (if is_import { &world.imports } else { &world.exports }).get(name).copied()
    };
    let wanted = kind(import.0, import.1, true)?;
    let found = kind(export.0, export.1, false)?;
    let mut cache = Default::default();
    let checked = SubtypeChecker::new(&mut cache).is_subtype(found, graph.types(), wanted, graph.types());
    checked.err().map(|error| format!("{} differs: {error:#}", export.1))
}

fn imports(graph: &CompositionGraph, part: &Part) -> Vec<String> {
    graph.types()[graph[part.package].ty()].imports.keys().cloned().collect()
}

fn exports(graph: &CompositionGraph, part: &Part) -> Vec<String> {
    graph.types()[graph[part.package].ty()].exports.keys().cloned().collect()
}

/// Whether a user who says `name` means this import: `demo:kv/store@1.0.0`, `demo:kv/store` or `store`.
fn is_meant(import: &str, name: &str) -> bool {
    let plain = plain(import);
    import == name || plain == name || plain.rsplit('/').next() == Some(name)
}

fn plain(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn version(name: &str) -> Option<Version> {
    Version::parse(name.split_once('@')?.1).ok()
}

/// Versions on one track are compatible; a version before a release only with itself.
fn track(version: &Version) -> (u64, u64, u64, String) {
    let (major, minor, patch) = (version.major, version.minor, version.patch);
    match (major, minor) {
        _ if !version.pre.is_empty() => (major, minor, patch, version.pre.to_string()),
        (0, 0) => (0, 0, patch, String::new()),
        (0, minor) => (0, minor, 0, String::new()),
        (major, _) => (major, 0, 0, String::new()),
    }
}
