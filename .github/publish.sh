#!/bin/sh
# Packs and publishes every package: sh .github/publish.sh [option of npm publish …]
# The addons of all platforms stand in the root folder. What is published already is left out, so that it can run again.
set -eu
cd "$(dirname "$0")/.."

# Trusted publishing needs no token; packages that are new do.
if [ -n "${NPM_TOKEN:-}" ]; then
  npm config set "$(npm config get registry | sed 's/^https*://'):_authToken" "$NPM_TOKEN"
fi

# The registry compares this with the repository that the provenance names.
for folder in . npm/*; do
  (cd "$folder" && npm pkg set repository.type=git "repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git")
done
rm -rf dist
node scripts/pack.mjs --no-build --all

version=$(node --print "require('./package.json').version")
case $version in *-*) tag=next ;; *) tag=latest ;; esac
publish() {
  if [ -n "$(npm view "$1@$version" version 2>/dev/null)" ]; then
    echo "$1@$version is there"
    return
  fi
  shift
  npm publish --access public --tag "$tag" "$@"
}

# The tarballs, not the folders: of a folder npm tells the registry the manifest as it is after packing, when the names of
# the platform packages are gone from it. The root package comes last: what it names has to be there.
for folder in npm/*; do
  platform=${folder#npm/}
  publish "@hostbox/binding-$platform" "./dist/hostbox-binding-$platform-$version.tgz" "$@"
done
publish hostbox "./dist/hostbox-$version.tgz" "$@"
