#!/usr/bin/env bash
# Publishes the release of a tag, and moves the tag of its major version (v1) there unless a later version exists.
#
# Usage: publish.sh TAG COMMIT NOTES_FILE ASSET_FILE, in a clone whose remote origin is the repository on GitHub.
# Requires gh with the permission contents: write, and GITHUB_REPOSITORY.
set -euo pipefail

tag=$1 commit=$2 notes=$3 asset=$4

fail() {
  printf '::error::%s\n' "$1"
  exit 1
}

# The commit that a tag points to on GitHub now; the clone still has the tags of its checkout.
commit_of_tag() {
  git ls-remote origin "refs/tags/$tag" "refs/tags/$tag^{}" | tail -n 1 | cut -f 1
}

# Versions without pre-releases, the latest first. Git sorts v1.0.0-rc.1 after v1.0.0.
list_versions() {
  git ls-remote --refs origin 'refs/tags/v*' | sed 's/.*refs.tags.//' |
    grep -E '^v[0-9]+\.[0-9]+\.[0-9]+$' | sort --version-sort --reverse
}

if [[ ! $tag =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then fail "$tag must have the form v1.2.3."; fi
if [ "$(commit_of_tag)" != "$commit" ]; then
  fail "$tag does not point to $commit, the commit that was checked. Delete the tag, and tag the right commit again."
fi

# First a draft, because a published release is immutable: no files can be added.
gh release create "$tag" --verify-tag --draft --title "$tag" --notes-file "$notes" "$asset"
if [ "$(commit_of_tag)" != "$commit" ]; then
  gh release delete "$tag" --yes
  fail "$tag was moved while its release was created. Delete the tag, and tag the right commit again."
fi
versions=$(list_versions)
latest=${versions%%$'\n'*}
gh release edit "$tag" --draft=false --latest="$([ "$tag" = "$latest" ] && echo true || echo false)"

major=${tag%%.*}
latest_of_major=$(grep --max-count=1 "^$major\." <<< "$versions")
if [ "$tag" != "$latest_of_major" ]; then
  echo "$major is not moved: $latest_of_major is later than $tag."
elif gh api --silent "repos/$GITHUB_REPOSITORY/git/ref/tags/$major"; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/git/refs/tags/$major" --raw-field sha="$commit" --field force=true
else
  gh api --silent --method POST "repos/$GITHUB_REPOSITORY/git/refs" --raw-field ref="refs/tags/$major" --raw-field sha="$commit"
fi
