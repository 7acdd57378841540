import semver from 'semver';

export function compared() {
  return {
    sorted: semver.sort(['1.10.0', '1.2.0', '1.2.0-beta.2']),
    fits: semver.satisfies('1.4.9', '^1.2 || >=3 <4'),
    best: semver.maxSatisfying(['1.2.3', '1.9.0', '2.0.0'], '~1.2 || ^1.5'),
    next: semver.inc('1.2.3', 'prerelease', 'rc'),
  };
}
