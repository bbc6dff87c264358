# SPDX-License-Identifier: Apache-2.0
# projects.sh: SAM CLI, CDK, Serverless and its fork osls make what they make of the sources in projects/. lrun's model of the result is
# compared with the tool's own, value by value (projects/compare.py); each difference has its reason in projects/known.py. Then functions
# run from where they lie. A part of run.sh, whose functions it uses.

projects=$here/projects

# lrun's model of a project against the tool's own.
agrees() { # run, the tool's model, the project's directory, options of lrun...
    run=$1 theirs=$2 directory=$3
    shift 3
    if (cd "$directory" && "$work/lrun" project --json --cache-dir "$work/cache" "$@") >"$work/ours.json" 2>"$work/err" &&
        /usr/bin/python3 "$projects/compare.py" "$run" "$theirs" "$work/ours.json"; then
        passed=$((passed + 1))
    else
        fail "$run: lrun's model and the tool's differ $(tail -n 2 "$work/err" | tr '\n' ' ')"
    fi
}

answers() { # what, project's directory, extended regular expression of the response, arguments of lrun...
    what=$1 directory=$2 want=$3
    shift 3
    out=$(cd "$directory" && "$work/lrun" -q --cache-dir "$work/cache" --timeout 10 -e '{}' "$@" 2>&1)
    code=$?
    judge "$what" "$want" 0
}

# A tool of npm's, by its lock file, kept in BUILD/conformance.
npm_tool() { # name
    [ -d "$kept/$1/node_modules" ] && return
    rm -rf "$kept/$1" && mkdir -p "$kept/$1" && cp "$projects/npm/$1/"*.json "$kept/$1"
    (cd "$kept/$1" && npm ci --no-audit --no-fund --ignore-scripts) >"$work/err" 2>&1 && return
    rm -rf "$kept/$1"
    unreachable "$1" "$work/err"
    return 1
}

sam_cli() {
    [ -d "$kept/sam" ] && return
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    $pip install -q --no-deps --require-hashes --only-binary :all: --python-version "$tag" --target "$work/sam.part" -r "$projects/requirements.txt" \
        >"$work/err" 2>&1 || { unreachable aws-sam-cli "$work/err"; return 1; }
    mv "$work/sam.part" "$kept/sam"
}

sam() { # arguments of the program, or of a script that uses its classes
    (cd "$work/sam-project" && PYTHONPATH=$kept/sam SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$work/sam-home AWS_DEFAULT_REGION=us-east-1 /usr/bin/python3 "$@")
}

sam_agrees() { # run, template, PARAMETER=VALUE
    if sam "$projects/sam_says.py" "$work/sam-project/$2" "$work/sam-project" ${3:+"$3"} >"$work/theirs.json" 2>"$work/err"; then
        agrees "$1" "$work/theirs.json" "$work/sam-project" --project "$2" ${3:+--parameter "$3"}
    else
        fail "$1: $(tail -n 1 "$work/err")"
    fi
}

sam_project() {
    command -v npm >/dev/null || { skip "SAM: npm is not installed"; return; }
    sam_cli || return
    cp -r "$projects/sam" "$work/sam-project"
    sed -i "s/python3\.11/python$tag/" "$work"/sam-project/template.yaml "$work"/sam-project/child/template.yaml "$work"/sam-project/child/deep/template.yaml
    printf 'def handler(event, context):\n    return "packed"\n' >"$work/packed.py"
    (cd "$work" && zip -q sam-project/packed.zip packed.py)
    sam -m samcli build >"$work/err" 2>&1 || { unreachable "sam build" "$work/err"; return; }
    sam_agrees sam-built .aws-sam/build/template.yaml
    sam_agrees sam-built-prod .aws-sam/build/template.yaml Stage=prod
    sam_agrees sam template.yaml
    sam_agrees sam-prod template.yaml Stage=prod
    answers "sam: a function with a layer and a package" "$work/sam-project" '^\{"order": ?"xn--bcher-kva", ?"word": ?"words", ?"stage": ?"dev"\}$' Orders
    answers "sam: --parameter" "$work/sam-project" '"stage": ?"prod"' --parameter Stage=prod Orders
    answers "sam: of a nested stack, by its path" "$work/sam-project" '^"deep"$' Child/Deep/Inner
    answers "sam: inline" "$work/sam-project" '^\{"inline": ?\{\}\}$' Inline
    answers "sam: a zip above what was built" "$work/sam-project" '^"packed"$' Packed
    answers "sam: Node.js, with a package" "$work/sam-project" '^\{"milliseconds":172800000,"stage":"dev"\}$' --runtime nodejs Hello
}

cdk_project() {
    command -v npm >/dev/null || { skip "CDK: npm is not installed"; return; }
    npm_tool cdk || return
    cp -r "$projects/cdk" "$work/cdk-project"
    (cd "$work/cdk-project" && PYTHON_RUNTIME=python$tag NODE_PATH=$kept/cdk/node_modules CDK_DISABLE_VERSION_CHECK=1 HOME=$work \
        node "$kept/cdk/node_modules/aws-cdk/bin/cdk" synth -q --no-notices) >"$work/err" 2>&1 || { fail "cdk synth: $(tail -n 3 "$work/err" | tr '\n' ' ')"; return; }
    /usr/bin/python3 "$projects/cdk_says.py" "$work/cdk-project/cdk.out" "$work/cdk-project" >"$work/theirs.json" || { fail "cdk: its output is not what it was"; return; }
    agrees cdk "$work/theirs.json" "$work/cdk-project"
    answers "cdk: a function with a layer, by its construct" "$work/cdk-project" '^\{"shared": ?"shared", ?"stage": ?"dev"\}$' Orders
    answers "cdk: of a nested stack" "$work/cdk-project" '^\{"shared": ?"shared", ?"stage": ?null\}$' Inner
    answers "cdk: inline" "$work/cdk-project" '^\{"inline": ?\{\}\}$' Inline
    answers "cdk: Node.js" "$work/cdk-project" '^"words"$' --runtime nodejs Shop/Hello
}

# Serverless asks AWS which layers it deployed before; no_account.js answers that there were none.
serverless_package() { # serverless or osls, stage
    service=$work/$1-project
    (cd "$service" && AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x SLS_TELEMETRY_DISABLED=1 SLS_NOTIFICATIONS_MODE=off HOME=$work \
        NODE_OPTIONS="--require $service/no_account.js" node "$kept/$1/node_modules/$1/bin/serverless.js" package --stage "$2") >"$work/err" 2>&1 ||
        { fail "$1 package: $(tail -n 3 "$work/err" | tr '\n' ' ')"; return 1; }
    NODE_PATH=$kept/$1/node_modules node "$projects/sls_says.js" "$1" "$service" >"$work/theirs.json" || { fail "$1: its output is not what it was"; return 1; }
    agrees "$1${3:-}" "$work/theirs.json" "$service" ${3:+--stage "$2"}
    agrees "$1${3:-}-raw" "$work/theirs.json" "$service" --project serverless.yml ${3:+--stage "$2"}
}

serverless_project() { # serverless or osls
    command -v npm >/dev/null || { skip "$1: npm is not installed"; return; }
    npm_tool "$1" || return
    cp -r "$projects/sls" "$work/$1-project"
    sed -i "s/python3\.11/python$tag/" "$work/$1-project/serverless.yml"
    serverless_package "$1" prod -prod || return
    serverless_package "$1" dev || return
    answers "$1: a function with a layer" "$work/$1-project" '^\{"shared": ?"shared", ?"stage": ?"the function"\}$' orders
    answers "$1: from serverless.yml itself" "$work/$1-project" '^\{"shared": ?"shared", ?"stage": ?"the function"\}$' --project serverless.yml orders
    answers "$1: Node.js" "$work/$1-project" '^"plain"$' --runtime nodejs plain
}

projects_as_their_tools_see_them() {
    tag=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    sam_project
    cdk_project
    serverless_project serverless
    serverless_project osls
}
