//! `host:fs`: see `ops.d.ts`.

mod arguments;
mod desk;
mod handles;
mod places;
mod watching;

use std::sync::{Arc, PoisonError};

use hostbox_buffers::Writer;
use hostbox_engine::{Call, Native, NativeModule, held, hold};
use hostbox_files::{Content, CopyMode, Error, Flags, Mode, OpenFile, Removal};
use rquickjs::Value;

use self::arguments::{Source, bits, closed, encoding, given, length, path, position, source};
use self::desk::{Answer, Desk, Done, Outcome, run, run_until};
use self::handles::{FileHandle, SignalHandle, file_at};
use self::places::{close_place, new_place, open_place, sink_of, source_of};
use self::watching::{changes, unwatch, watch};
use crate::Data;
use crate::nodebytes::text::Encoding;

pub(crate) const MODULE: NativeModule = NativeModule {
    name: "host:fs",
    functions: &[
        Native { name: c"newSignal", length: 0, run: new_signal },
        Native { name: c"abort", length: 1, run: abort },
        Native { name: c"readFile", length: 4, run: read_file },
        Native { name: c"storeFile", length: 3, run: store_file },
        Native { name: c"writeFile", length: 6, run: write_file },
        Native { name: c"stat", length: 2, run: stat },
        Native { name: c"list", length: 2, run: list },
        Native { name: c"look", length: 1, run: look },
        Native { name: c"access", length: 2, run: access },
        Native { name: c"makeDir", length: 3, run: make_dir },
        Native { name: c"makeTempDir", length: 1, run: make_temp_dir },
        Native { name: c"unlink", length: 1, run: unlink },
        Native { name: c"removeDir", length: 1, run: remove_dir },
        Native { name: c"remove", length: 3, run: remove },
        Native { name: c"rename", length: 2, run: rename },
        Native { name: c"copyFile", length: 3, run: copy_file },
        Native { name: c"symlink", length: 2, run: symlink },
        Native { name: c"link", length: 2, run: link },
        Native { name: c"readLink", length: 1, run: read_link },
        Native { name: c"realPath", length: 1, run: real_path },
        Native { name: c"truncate", length: 2, run: truncate },
        Native { name: c"chmod", length: 2, run: chmod },
        Native { name: c"utimes", length: 4, run: utimes },
        Native { name: c"open", length: 3, run: open },
        Native { name: c"close", length: 1, run: close },
        Native { name: c"read", length: 3, run: read },
        Native { name: c"write", length: 4, run: write },
        Native { name: c"statFile", length: 1, run: stat_file },
        Native { name: c"truncateFile", length: 2, run: truncate_file },
        Native { name: c"sync", length: 2, run: sync },
        Native { name: c"chmodFile", length: 2, run: chmod_file },
        Native { name: c"utimesFile", length: 3, run: utimes_file },
        Native { name: c"watch", length: 2, run: watch },
        Native { name: c"changes", length: 1, run: changes },
        Native { name: c"unwatch", length: 1, run: unwatch },
        Native { name: c"newPlace", length: 3, run: new_place },
        Native { name: c"openPlace", length: 1, run: open_place },
        Native { name: c"closePlace", length: 1, run: close_place },
        Native { name: c"source", length: 3, run: source_of },
        Native { name: c"sink", length: 2, run: sink_of },
    ],
};

fn new_signal<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    hold(call.ctx(), SignalHandle::default())
}

fn abort<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<SignalHandle>(&call.arg(0))?;
    let handle = handle.borrow();
    let mut signal = handle.0.lock().unwrap_or_else(PoisonError::into_inner);
    signal.0 = true;
    signal.1.drain(..).for_each(|cancel| cancel.cancel());
    Ok(call.undefined())
}

// ── whole files ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn read_whole(desk: &Desk, source: Source, flags: Flags) -> Result<Writer, Error> {
    match source {
        Source::Path(path) => desk.files.read(&path, flags, &desk.store, &desk.cancel),
        Source::Open(file) => file.read_to_end(&desk.store, &desk.cancel),
    }
}

fn read_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (flags, encoding) = (Flags::from_bits(bits(call, 1)?), encoding(call, 2)?);
    match source(call, 0)? {
        Err(closed) => call.settled(Err(&closed)),
        Ok(source) => run_until(call, None, Some(3), move |desk| {
            let written = read_whole(desk, source, flags)?;
            Ok(match encoding {
                None => Done::Bytes(written),
                Some(encoding) => Done::Decoded(written, encoding),
            })
        }),
    }
}

fn store_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let flags = Flags::from_bits(bits(call, 1)?);
    match source(call, 0)? {
        Err(closed) => call.settled(Err(&closed)),
        Ok(source) => run_until(call, None, Some(2), move |desk| {
            let written = read_whole(desk, source, flags)?;
            let id = desk.store.put_written(written).map_err(Error::Buffer)?;
            #[expect(clippy::cast_precision_loss, reason = "ids stay below 2⁵³")]
            Ok(Done::Number(id as f64))
        }),
    }
}

fn write_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (flags, mode) = (Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let encoding = encoding(call, 4)?.unwrap_or(Encoding::Utf8);
    let both = match source(call, 0)? {
        Ok(source) => given(call, 3, store, encoding)?.map(|given| (source, given)),
        Err(closed) => Err(closed),
    };
    match both {
        Err(refused) => call.settled(Err(&refused)),
        Ok((source, given)) => run_until(call, None, Some(5), move |desk| {
            let content = given.content(&desk.store);
            match source {
                Source::Path(path) => desk.files.write(&path, flags, mode, &content, &desk.cancel)?,
                Source::Open(file) => file.write_content(&content, &desk.cancel)?,
            }
            Ok(Done::Nothing)
        }),
    }
}

// ── paths ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn stat<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, follow) = (path(call, 0)?, call.boolean(1));
    run(call, None, move |desk| desk.files.stat(&path, follow).map(Done::Facts))
}

fn list<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive) = (path(call, 0)?, call.boolean(1));
    run(call, None, move |desk| desk.files.list(&path, recursive, &desk.store, &desk.cancel).map(Done::Entries))
}

fn look<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = path(call, 0)?;
    run(call, None, move |desk| desk.files.look(&path).map(|()| Done::Nothing))
}

fn access<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, mode) = (path(call, 0)?, bits(call, 1)?);
    run(call, None, move |desk| desk.files.access(&path, mode).map(|()| Done::Nothing))
}

fn make_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive, mode) = (path(call, 0)?, call.boolean(1), Mode::from_bits(bits(call, 2)?));
    run(call, None, move |desk| desk.files.make_dir(&path, recursive, mode, &desk.cancel).map(Done::Text))
}

fn make_temp_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let prefix = path(call, 0)?;
    run(call, None, move |desk| desk.files.make_temp_dir(&prefix, &desk.cancel).map(|path| Done::Text(Some(path))))
}

fn unlink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = path(call, 0)?;
    run(call, None, move |desk| desk.files.unlink(&path, &desk.cancel).map(|()| Done::Nothing))
}

fn remove_dir<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = path(call, 0)?;
    run(call, None, move |desk| desk.files.remove_dir(&path, &desk.cancel).map(|()| Done::Nothing))
}

fn remove<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, how) = (path(call, 0)?, Removal { recursive: call.boolean(1), force: call.boolean(2) });
    run(call, None, move |desk| desk.files.remove(&path, how, &desk.cancel).map(|()| Done::Nothing))
}

fn rename<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, to) = (path(call, 0)?, path(call, 1)?);
    run(call, None, move |desk| desk.files.rename(&from, &to, &desk.cancel).map(|()| Done::Nothing))
}

fn copy_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, to, mode) = (path(call, 0)?, path(call, 1)?, CopyMode { exclusive: call.boolean(2) });
    run(call, None, move |desk| desk.files.copy_file(&from, &to, mode, &desk.cancel).map(|()| Done::Nothing))
}

fn symlink<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (to, path) = (path(call, 0)?, path(call, 1)?);
    run(call, None, move |desk| desk.files.symlink(&to, &path, &desk.cancel).map(|()| Done::Nothing))
}

fn link<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (from, path) = (path(call, 0)?, path(call, 1)?);
    run(call, None, move |desk| desk.files.link(&from, &path, &desk.cancel).map(|()| Done::Nothing))
}

fn read_link<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = path(call, 0)?;
    run(call, None, move |desk| desk.files.read_link(&path).map(|to| Done::Text(Some(to))))
}

fn real_path<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let path = path(call, 0)?;
    run(call, None, move |desk| desk.files.real_path(&path).map(|path| Done::Text(Some(path))))
}

fn truncate<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, length) = (path(call, 0)?, length(call, 1)?);
    run(call, None, move |desk| {
        let file = desk.files.open(&path, Flags::from_bits(2), Mode::FILE, &desk.cancel)?;
        file.truncate(length, &desk.cancel).map(|()| Done::Nothing)
    })
}

fn chmod<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, mode) = (path(call, 0)?, Mode::from_bits(bits(call, 1)?));
    run(call, None, move |desk| desk.files.chmod(&path, mode).map(|()| Done::Nothing))
}

fn utimes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, read, written, follow) = (path(call, 0)?, call.number(1)?, call.number(2)?, call.boolean(3));
    run(call, None, move |desk| desk.files.utimes(&path, read, written, follow).map(|()| Done::Nothing))
}

// ── open files ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

fn open<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, flags, mode) = (path(call, 0)?, Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    run(call, None, move |desk| {
        desk.files.open(&path, flags, mode, &desk.cancel).map(|file| Done::Open(Arc::new(file)))
    })
}

fn close<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<FileHandle>(&call.arg(0))?;
    let file = handle.borrow().0.lock().unwrap_or_else(PoisonError::into_inner).take();
    match file {
        None => call.settled(Err(&closed())),
        Some(file) => run(call, None, move |_| {
            drop(file);
            Ok(Done::Nothing)
        }),
    }
}

/// Does something with the open file of the first argument.
fn with_file<'js>(
    call: &Call<'_, 'js>,
    held: Option<Value<'js>>,
    work: impl FnOnce(&OpenFile, &Desk) -> Outcome + Send + 'static,
) -> Answer<'js> {
    match file_at(call, 0)? {
        None => call.settled(Err(&closed())),
        Some(file) => run(call, held, move |desk| work(&file, desk)),
    }
}

fn read<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let at = position(call, 2)?;
    let most = call.with_bytes(1, <[u8]>::len).unwrap_or(0);
    with_file(call, Some(call.arg(1)), move |file, desk| file.read(&desk.store, most, at, &desk.cancel).map(Done::Into))
}

fn write<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let store = &call.data::<Data>().ok_or(rquickjs::Error::Unknown)?.store;
    let (encoding, at) = (encoding(call, 2)?.unwrap_or(Encoding::Utf8), position(call, 3)?);
    match given(call, 1, store, encoding)? {
        Err(refused) => call.settled(Err(&refused)),
        Ok(given) => with_file(call, None, move |file, desk| {
            let length = given.len(&desk.store);
            match given.content(&desk.store) {
                Content::Bytes(bytes) => file.write(bytes, at, &desk.cancel)?,
                content @ Content::Stored(..) => file.write_content(&content, &desk.cancel)?,
            }
            #[expect(clippy::cast_precision_loss, reason = "no memory has 2⁵³ bytes")]
            Ok(Done::Number(length as f64))
        }),
    }
}

fn stat_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    with_file(call, None, |file, _| file.stat().map(Done::Facts))
}

fn truncate_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let length = length(call, 1)?;
    with_file(call, None, move |file, desk| file.truncate(length, &desk.cancel).map(|()| Done::Nothing))
}

fn sync<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let data_alone = call.boolean(1);
    with_file(call, None, move |file, _| file.sync(data_alone).map(|()| Done::Nothing))
}

fn chmod_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let mode = Mode::from_bits(bits(call, 1)?);
    with_file(call, None, move |file, _| file.chmod(mode).map(|()| Done::Nothing))
}

fn utimes_file<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (read, written) = (call.number(1)?, call.number(2)?);
    with_file(call, None, move |file, _| file.utimes(read, written).map(|()| Done::Nothing))
}
