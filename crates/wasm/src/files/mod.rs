//! Files of modules: wasmtime's own, and a line for the app wherever one was denied.
//!
//! What a module may do is decided by wasmtime, from the directories that [`Rights`] gave it, and nobody says there what was denied. So the
//! functions that take a path stand in the place of wasmtime's: they call these, hand on the answer, and tell the app where it is a denial.
//! A module that was given no directory at all has nothing to ask: its own library says no.

pub(crate) mod preview1;
pub(crate) mod preview2;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use hostbox_permissions::FsPermissions;

use crate::rights::Rights;

/// Lines that one run or instance may cause: nobody reads more, and each takes room on its way.
const LINES: u32 = 64;
/// Bytes of a path in a line.
const SHOWN: usize = 256;

/// Takes the lines, on the thread that runs the module.
pub(crate) type Hear = Box<dyn Fn(String) + Send + Sync>;

/// Where a descriptor leads, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The directory of a grant, by its number.
    Granted(usize),
    /// Something below it.
    Below(usize),
    Unknown,
}

impl Place {
    fn grant(self) -> Option<usize> {
        match self {
            Place::Granted(grant) | Place::Below(grant) => Some(grant),
            Place::Unknown => None,
        }
    }

    /// Of what lies in it.
    fn below(self) -> Place {
        self.grant().map_or(Place::Unknown, Place::Below)
    }
}

/// What a module asked for.
struct Asked {
    /// `opening`
    what: &'static str,
    /// Whether it takes the right to write.
    writes: bool,
    path: (Place, String),
    /// The other path of a link or a new name.
    to: Option<(Place, String)>,
}

/// Tells of what one run was denied.
pub(crate) struct Denials {
    hear: Arc<OnceLock<Hear>>,
    files: FsPermissions,
    left: u32,
    /// Descriptors of preview 2, by their numbers in the table.
    known: HashMap<u32, Place>,
}

impl Denials {
    pub(crate) fn new(rights: &Rights) -> Self {
        let (hear, files) = rights.denials();
        Self { hear, files, left: LINES, known: HashMap::new() }
    }

    fn is_heard(&self) -> bool {
        self.left > 0 && self.hear.get().is_some()
    }

    fn tell(&mut self, asked: &Asked) {
        let Some(hear) = self.hear.get().filter(|_| self.left > 0) else { return };
        self.left -= 1;
        let more = if self.left == 0 { "; no more lines of this run" } else { "" };
        hear(format!("{} refused: {} (granted: {}){more}", self.sentence(asked), self.reason(asked), self.granted()));
    }

    fn sentence(&self, Asked { what, path, to, .. }: &Asked) -> String {
        let path = self.shown(path);
        match to {
            Some(to) => format!("{what} {path} to {}", self.shown(to)),
            None => format!("{what} {path}"),
        }
    }

    /// As the module's author knows it, on one line.
    fn shown(&self, (place, path): &(Place, String)) -> String {
        let name = |grant: usize| self.files.grants().nth(grant).map(|(guest, _)| guest).unwrap_or_default();
        let short = |path: &str| match path.get(..path.floor_char_boundary(SHOWN)) {
            Some(part) if part.len() < path.len() => format!("{part:?}…"),
            _ => format!("{path:?}"),
        };
        match place {
            Place::Granted(grant) if !path.starts_with('/') => short(&format!("{}/{path}", name(*grant))),
            Place::Below(grant) if path.is_empty() => format!("something below {:?}", format!("{}/", name(*grant))),
            Place::Below(grant) => format!("{} below {:?}", short(path), format!("{}/", name(*grant))),
            Place::Unknown if path.is_empty() => "something".into(),
            _ => short(path),
        }
    }

    fn reason(&self, asked: &Asked) -> &'static str {
        let is_writable = |grant: usize| self.files.grants().nth(grant).is_some_and(|(_, grant)| grant.write);
        let mut places = [Some(asked.path.0), asked.to.as_ref().map(|to| to.0)].into_iter().flatten();
        let grants = places.clone().filter_map(Place::grant);
        if asked.writes && grants.clone().any(|grant| !is_writable(grant)) {
            "permissions.fs grants it without write"
        } else if asked.writes && places.any(|place| place.grant().is_none()) {
            "it is granted without write, or leads out of what is granted"
        } else {
            "it leads out of the granted directory, or the system does not permit it"
        }
    }

    fn granted(&self) -> String {
        let grants = self.files.grants().map(|(guest, grant)| {
            let guest = if guest.is_empty() { "/" } else { &guest };
            format!("{guest} for {}", if grant.write { "reading and writing" } else { "reading" })
        });
        let all: Vec<_> = grants.collect();
        if all.is_empty() { "nothing".into() } else { all.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use hostbox_permissions::FsGrant;

    use super::*;

    fn lines(times: usize, asked: &Asked) -> Vec<String> {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let read = FsGrant::from("/srv");
        let grants = [("/data", read.clone()), ("/out", FsGrant { write: true, ..read })];
        let rights = Rights::default().with_files(FsPermissions::new(grants).unwrap());
        let to = heard.clone();
        rights.hear_denials(move |line| to.lock().unwrap().push(line));
        let mut denials = Denials::new(&rights);
        (0..times).for_each(|_| denials.tell(asked));
        heard.lock().unwrap().clone()
    }

    fn asked(what: &'static str, writes: bool, place: Place, path: &str) -> Asked {
        Asked { what, writes, path: (place, path.into()), to: None }
    }

    #[test]
    fn a_line_says_what_was_asked_why_it_was_denied_and_what_is_granted() {
        let granted = "(granted: /data for reading, /out for reading and writing)";
        let line = |asked| lines(1, &asked).remove(0);
        assert_eq!(
            line(asked("creating the directory", true, Place::Granted(0), "new")),
            format!("creating the directory \"/data/new\" refused: permissions.fs grants it without write {granted}")
        );
        let out = "it leads out of the granted directory, or the system does not permit it";
        assert_eq!(
            line(asked("opening", false, Place::Granted(1), "../x")),
            format!("opening \"/out/../x\" refused: {out} {granted}")
        );
        let link = Asked {
            to: Some((Place::Unknown, "/etc/passwd".into())),
            ..asked("linking", true, Place::Below(1), "a\nb")
        };
        assert!(
            line(link)
                .starts_with("linking \"a\\nb\" below \"/out/\" to \"/etc/passwd\" refused: it is granted without")
        );
        assert!(
            line(asked("writing to", true, Place::Below(0), "")).starts_with("writing to something below \"/data/\"")
        );
    }

    #[test]
    fn a_run_causes_so_many_lines_and_no_long_ones() {
        let all = lines(200, &asked("opening", false, Place::Granted(0), &"é".repeat(10_000)));
        assert_eq!(all.len(), LINES as usize);
        assert!(all.iter().all(|line| line.len() < 600), "{}", all[0].len());
        assert!(all[63].ends_with("no more lines of this run") && !all[62].contains("no more lines"));
    }
}
