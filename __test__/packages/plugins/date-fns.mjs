import {
  addBusinessDays,
  differenceInCalendarDays,
  format,
  formatDistance,
  intervalToDuration,
  parse,
  parseISO,
} from 'date-fns';
import { de } from 'date-fns/locale';

export function dates() {
  const day = new Date(2024, 1, 28, 13, 5, 9);
  return {
    english: format(day, "EEEE, do 'of' MMMM yyyy, h:mm a"),
    german: format(day, 'EEEE, d. MMMM yyyy', { locale: de }),
    days: differenceInCalendarDays(addBusinessDays(day, 5), day),
    ago: formatDistance(new Date(2024, 0, 1), day, { addSuffix: true }),
    parsed: format(parse('03/04/2021', 'dd/MM/yyyy', new Date(0)), 'yyyy-MM-dd'),
    iso: parseISO('2020-02-29T12:00:00Z').toISOString(),
    duration: intervalToDuration({ start: 0, end: 93_784_000 }),
  };
}
