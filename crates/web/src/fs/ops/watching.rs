//! Watching, as operations: a look now and then, on the I/O runtime's time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hostbox_buffers::Cancel;
use hostbox_engine::{Call, OpError, OpOutcome, held};
use hostbox_files::{Change, Watcher};
use rquickjs::Value;
use tokio::sync::Notify;

use super::super::ends::Workshop;
use super::arguments::path;
use super::desk::{Answer, Done, pair, run};
use super::handles::WatchHandle;
use super::places::workshop;

/// The shortest pause between two looks. A look that takes long makes the pause longer: a watcher uses a tenth of a thread at most.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) fn watch<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (path, recursive) = (path(call, 0)?, call.boolean(1));
    run(call, None, move |desk| {
        let watcher = desk.files.watch(&path, recursive, &desk.store, &desk.cancel)?;
        Ok(Done::Watch(Box::new(watcher)))
    })
}

/// The next changes; nothing where it was stopped.
async fn next_changes(
    workshop: &Workshop,
    watcher: &Arc<Mutex<Option<Watcher>>>,
    stopped: &Notify,
) -> Result<Option<Vec<Change>>, OpError> {
    let mut pause = PAUSE;
    loop {
        if tokio::time::timeout(pause, stopped.notified()).await.is_ok() {
            return Ok(None);
        }
        let watcher = watcher.clone();
        let begun = Instant::now();
        let look = move |_: &Workshop, cancel: &Cancel| {
            let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
            watcher.as_mut().map(|watcher| watcher.look(cancel)).transpose()
        };
        match workshop.run(look).await? {
            None => return Ok(None),
            Some(changes) if !changes.is_empty() => return Ok(Some(changes)),
            Some(_) => pause = PAUSE.max(begun.elapsed() * 10),
        }
    }
}

pub(super) fn changes<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let (watcher, stopped) = {
        let handle = held::<WatchHandle>(&call.arg(0))?;
        let handle = handle.borrow();
        (handle.watcher.clone(), handle.stopped.clone())
    };
    let workshop = workshop(call)?;
    call.spawn(None, async move {
        match next_changes(&workshop, &watcher, &stopped).await {
            Err(error) => OpOutcome::Error(error),
            Ok(changes) => OpOutcome::Finish(Box::new(move |ctx, _| {
                let Some(changes) = changes else { return Ok(Value::new_undefined(ctx.clone())) };
                let kinds: String = changes.iter().map(|change| if change.is_rename { 'r' } else { 'c' }).collect();
                let names: Vec<_> = changes.into_iter().map(|change| change.name).collect();
                pair(ctx, names.join("\0"), kinds)
            })),
        }
    })
}

pub(super) fn unwatch<'js>(call: &Call<'_, 'js>) -> Answer<'js> {
    let handle = held::<WatchHandle>(&call.arg(0))?;
    let handle = handle.borrow();
    handle.stopped.notify_one();
    // Where a look is under way it is dropped afterwards, with the handle.
    if let Ok(mut watcher) = handle.watcher.try_lock() {
        *watcher = None;
    }
    Ok(call.undefined())
}
