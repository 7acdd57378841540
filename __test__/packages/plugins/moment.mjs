import moment from 'moment';

export function dates() {
  const at = moment.utc('2024-02-28T13:05:09Z');
  return {
    text: at.format('dddd, MMMM Do YYYY, h:mm:ss a'),
    from: at.from(moment.utc('2024-03-02')),
    diff: at.diff(moment.utc('2024-01-01'), 'days'),
    valid: moment('2024-13-01', 'YYYY-MM-DD', true).isValid(),
  };
}
