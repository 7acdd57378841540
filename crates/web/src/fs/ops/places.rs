//! Files that streams of the host's read and write.

use std::sync::{Arc, Mutex, PoisonError};

use hostbox_engine::{Call, held, hold};
use hostbox_files::{Flags, Mode};

use super::super::ends::{FileSink, FileSource, Place, Shared, Workshop};
use super::arguments::{bits, closed, length, path, position};
use super::desk::{Answer, Done, run};
use super::handles::{PlaceHandle, file_at};
use crate::Data;
use crate::streams::ops::{sink_handle, source_handle};

pub(super) fn workshop(call: &Call<'_, '_>) -> rquickjs::Result<Workshop> {
    let data = call.data::<Data>().ok_or(rquickjs::Error::Unknown)?;
    Ok(Workshop { files: data.files.clone(), lanes: data.file_lanes.clone(), store: data.store.clone() })
}

pub(super) fn new_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, flags, mode) = (path(call, 0)?, Flags::from_bits(bits(call, 1)?), Mode::from_bits(bits(call, 2)?));
    let place = Arc::new(Mutex::new(Place::Path { path, flags, mode }));
    hold(call.ctx(), PlaceHandle(place))
}

/// The place of the first argument, or that of an open file.
fn place(call: &Call<'_, '_>) -> rquickjs::Result<Shared> {
    if let Ok(handle) = held::<PlaceHandle>(&call.arg(0)) {
        return Ok(handle.borrow().0.clone());
    }
    let file = file_at(call, 0)?.ok_or_else(|| call.throw(&closed()))?;
    Ok(Arc::new(Mutex::new(Place::Open(file))))
}

pub(super) fn open_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    run(call, None, move |desk| {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.file(&desk.files, &desk.cancel).map(Done::Open)
    })
}

pub(super) fn close_place<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    run(call, None, move |_| {
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Place::Closed;
        Ok(Done::Nothing)
    })
}

pub(super) fn source_of<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    let (start, end) = (position(call, 1)?, length(call, 2)?);
    source_handle(call.ctx(), Arc::new(FileSource::new(workshop(call)?, place, start, end)))
}

pub(super) fn sink_of<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let place = place(call)?;
    sink_handle(call.ctx(), Arc::new(FileSink::new(workshop(call)?, place, position(call, 1)?)))
}
