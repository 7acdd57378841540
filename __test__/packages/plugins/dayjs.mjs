import dayjs from 'dayjs';
import customParseFormat from 'dayjs/plugin/customParseFormat.js';
import duration from 'dayjs/plugin/duration.js';
import relativeTime from 'dayjs/plugin/relativeTime.js';
import utc from 'dayjs/plugin/utc.js';
import 'dayjs/locale/fr.js';

dayjs.extend(customParseFormat);
dayjs.extend(duration);
dayjs.extend(relativeTime);
dayjs.extend(utc);

export function dates() {
  const day = dayjs.utc('2024-02-28T13:05:09Z');
  return {
    text: day.format('dddd D MMMM YYYY HH:mm:ss'),
    french: day.locale('fr').format('dddd D MMMM YYYY'),
    leap: day.add(1, 'day').format('YYYY-MM-DD'),
    from: dayjs.utc(0).from(dayjs.utc(86_400_000 * 3)),
    parsed: dayjs.utc('31.12.1999', 'DD.MM.YYYY').toISOString(),
    duration: dayjs.duration(5, 'hours').humanize(),
  };
}
