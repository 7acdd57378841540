import {
  concatMap,
  debounceTime,
  delay,
  firstValueFrom,
  from,
  fromEvent,
  interval,
  lastValueFrom,
  map,
  mergeMap,
  of,
  scan,
  take,
  timeout,
  toArray,
} from 'rxjs';

export function counted() {
  return lastValueFrom(
    interval(1).pipe(
      take(5),
      scan((sum, value) => sum + value, 0),
      toArray(),
    ),
  );
}

export function ordered(numbers) {
  return lastValueFrom(
    from(numbers).pipe(
      concatMap((number) => of(number * 2).pipe(delay(1))),
      toArray(),
    ),
  );
}

export async function event() {
  const target = new EventTarget();
  const seen = firstValueFrom(
    fromEvent(target, 'go').pipe(
      map((happened) => happened.type),
      debounceTime(1),
    ),
  );
  target.dispatchEvent(new Event('go'));
  return seen;
}

export async function timedOut() {
  try {
    await lastValueFrom(
      of(1).pipe(
        mergeMap(() => of(1).pipe(delay(60_000))),
        timeout(5),
      ),
    );
    return 'no';
  } catch (error) {
    return error.name;
  }
}
