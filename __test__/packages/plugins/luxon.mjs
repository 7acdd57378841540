// The polyfills come first: luxon asks for `Intl` when it is loaded.
import '@formatjs/intl-getcanonicallocales/polyfill.js';
import '@formatjs/intl-locale/polyfill.js';
import '@formatjs/intl-listformat/polyfill.js';
import '@formatjs/intl-listformat/locale-data/de.js';
import '@formatjs/intl-listformat/locale-data/en.js';
import '@formatjs/intl-pluralrules/polyfill.js';
import '@formatjs/intl-pluralrules/locale-data/de.js';
import '@formatjs/intl-pluralrules/locale-data/en.js';
import '@formatjs/intl-numberformat/polyfill.js';
import '@formatjs/intl-numberformat/locale-data/de.js';
import '@formatjs/intl-numberformat/locale-data/en.js';
import '@formatjs/intl-relativetimeformat/polyfill.js';
import '@formatjs/intl-relativetimeformat/locale-data/de.js';
import '@formatjs/intl-relativetimeformat/locale-data/en.js';
import '@formatjs/intl-datetimeformat/polyfill.js';
import '@formatjs/intl-datetimeformat/locale-data/de.js';
import '@formatjs/intl-datetimeformat/locale-data/en.js';
import '@formatjs/intl-datetimeformat/add-golden-tz.js';
import { DateTime, Duration, Interval } from 'luxon';

/** Around the hour that Berlin skips in spring, and the one that it has twice in autumn. */
export function clocks() {
  const at = (iso) => DateTime.fromISO(iso, { zone: 'utc' }).setZone('Europe/Berlin');
  const spring = at('2024-03-31T00:59:59Z');
  const autumn = at('2024-10-27T00:30:00Z');
  return {
    before: spring.toISO(),
    after: spring.plus({ seconds: 1 }).toISO(),
    skipped: DateTime.fromISO('2024-03-31T02:30', { zone: 'Europe/Berlin' }).toISO(),
    twice: [autumn.toISO(), autumn.plus({ hours: 1 }).toISO()],
    day: spring.plus({ days: 1 }).diff(spring, 'hours').hours,
    summer: [spring.isInDST, spring.plus({ hours: 1 }).isInDST],
    elsewhere: autumn.setZone('America/New_York').toISO(),
    wrong: DateTime.now().setZone('Mars/Olympus').invalidReason,
  };
}

export function texts() {
  const day = DateTime.fromISO('2024-02-29T13:05:09.120', { zone: 'Europe/Berlin' });
  return {
    english: day.setLocale('en').toLocaleString(DateTime.DATE_HUGE),
    german: day.setLocale('de').toLocaleString(DateTime.DATETIME_MED),
    full: day.setLocale('en').toLocaleString({ ...DateTime.DATE_FULL, weekday: 'short' }),
    tokens: day.setLocale('de').toFormat("cccc, d. MMMM yyyy HH:mm 'Uhr', 'KW' W"),
    number: day.setLocale('en').toFormat('yyyy-MM-dd h:mm a ZZ'),
    parsed: DateTime.fromFormat('3. Mai 2021', 'd. MMMM yyyy', { locale: 'de', zone: 'utc' }).toISO(),
    http: day.toHTTP(),
    relative: day.plus({ days: 3 }).toRelative({ base: day, locale: 'de' }),
    calendar: day.minus({ days: 1 }).toRelativeCalendar({ base: day, locale: 'en' }),
  };
}

export function spans() {
  const [from, to] = ['2020-02-29', '2024-03-01T12:00'].map((iso) => DateTime.fromISO(iso, { zone: 'utc' }));
  return {
    iso: Duration.fromISO('P1Y2M3DT4H5M6S').toObject(),
    human: Duration.fromObject({ hours: 2, minutes: 1 }, { locale: 'en' }).toHuman(),
    german: Duration.fromObject({ days: 1, hours: 2 }, { locale: 'de' }).toHuman(),
    shifted: Duration.fromMillis(93_784_000).shiftTo('days', 'hours', 'minutes', 'seconds').toISO(),
    clock: Duration.fromMillis(93_784_000).toFormat('hh:mm:ss'),
    difference: to.diff(from, ['years', 'months', 'days', 'hours']).toObject(),
    weeks: Interval.fromDateTimes(from, to).splitBy({ weeks: 52 }).length,
    end: from.endOf('month').toISODate(),
  };
}
