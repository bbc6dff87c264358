# SPDX-License-Identifier: Apache-2.0
# java.sh: AWS's client for Java, as Maven has it, on the JVM that this host has. Part of run.sh.

maven() { # group as a path, artifact, version, sha256 of its jar, directory
    [ -f "$5/$2-$3.jar" ] && return
    curl -fsS -o "$work/jar" "https://repo1.maven.org/maven2/$1/$2/$3/$2-$3.jar" 2>"$work/err" || { unreachable "$2" "$work/err"; return 1; }
    [ "$(sha256sum "$work/jar" | cut -d' ' -f1)" = "$4" ] || { fail "$2: another digest than the pinned one"; return 1; }
    mkdir -p "$5"
    mv "$work/jar" "$5/$2-$3.jar"
    chmod 644 "$5/$2-$3.jar"
}

java_expect() { # what, handler, event, extended regular expression of the response, exit status, more options...
    what=$1 handler=$2 event=$3 want=$4 status=$5
    shift 5
    out=$("$work/lrun" --cache-dir "$work/cache" --runtime "$java" --timeout 5 --memory 512 --handler "$handler" -e "$event" "$@" 2>"$work/err")
    code=$?
    judge "Java: $what" "$want" "$status"
}

java_client() {
    command -v javac >/dev/null || { skip "Java: no JDK installed"; return; }
    java=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")/release
    java=java$(sed -n 's/^JAVA_VERSION="\(1\.\)\{0,1\}\([0-9]*\).*/\2/p' "$java") jars=$kept/java
    maven com/amazonaws aws-lambda-java-core 1.4.0 575c24393cc1ad645e83e618956eabd89ffe8cc09efae2cb62bc6589154d68ed "$jars" &&
        maven com/amazonaws aws-lambda-java-runtime-interface-client 2.10.1 b0dd01f45b7258da0e32ade0bff950b12d0cf279ccebf416ad8c3795af21f1db "$jars" &&
        maven com/amazonaws aws-lambda-java-serialization 1.2.0 1513c1f945a3213f916a4b2de1760c97b51d84d110f82bbbcf9cfac53d5651e7 "$jars" &&
        maven software/amazon/awssdk utils-lite 2.34.0 efaf784f07ae526f0b5c89d71ef21cf16636131c47d44616e3df9bedc3f4f89a "$jars" &&
        maven com/iopipe iopipe 1.3.0 df581ec87b4d17258d8438b16b08a9ac2a52b7226dfbb8bc779043eefe1ed498 "$kept/iopipe" || return
    mkdir -p "$work/layer/java/lib" "$work/iopipe/java/lib" "$work/classes" "$work/whole/lib"
    javac -nowarn --release 8 -cp "$jars/aws-lambda-java-core-1.4.0.jar" -d "$work/classes" "$here/java/App.java" >"$work/err" 2>&1 || { fail "Java: $(tail -n 1 "$work/err")"; return; }
    cp "$jars"/*.jar "$work/layer/java/lib"
    cp "$kept"/iopipe/*.jar "$work/iopipe/java/lib"
    cp -r "$work/classes/." "$work/whole"
    cp "$jars"/*.jar "$work/whole/lib"
    for d in layer iopipe classes whole; do (cd "$work/$d" && zip -qr "../$d.zip" .); done
    by_layer="--layers $work/layer.zip $work/classes.zip"
    # shellcheck disable=SC2086 # words
    {
        java_expect "a RequestHandler" example.App '{"a":[1]}' '^\{"arn":"arn:aws:lambda:us-east-1:123456789012:function:classes","event":\{"a":\[1\]\},"id":"[0-9a-f-]{36}","left":4[0-9]{3},"memory":512,' 0 $by_layer
        grep -q '^logged by the client$' "$work/err" || fail "Java: the client's log: $(cat "$work/err")"
        java_expect "its method" example.App::handleRequest '{}' '"event":\{\}' 0 $by_layer
        java_expect "a RequestStreamHandler" 'example.App$Stream' '{"a":1}' '^\{"A":1\}$' 0 $by_layer
        java_expect "a static method" example.App::where '{"class":"example.App"}' '^\["/var/task/","CustomerClassLoader"\]$' 0 $by_layer
        java_expect "two events" example.App '{}' '"start":-?[0-9]+\}$' 0 -e '{}' $by_layer
        [ "$(printf '%s\n' "$out" | sed 's/.*"start"//' | uniq | wc -l)" = 1 ] || fail "Java: two events, two environments: $out"
        java_expect "the client is loaded once" example.App::where '{"class":"com.amazonaws.services.lambda.runtime.Context"}' '^\["/opt/java/lib/aws-lambda-java-core-1\.4\.0\.jar","AppClassLoader"\]$' 0 $by_layer
        java_expect "an exception" example.App::fail '{}' '^\{"errorMessage":"as asked","errorType":"java.lang.IllegalStateException","stackTrace":\["example.App.fail\(App.java:[0-9]+\)".*\]\}$' 1 $by_layer
        grep -q 'Error Type: Runtime.UserException$' "$work/err" || fail "Java: an exception's type: $(cat "$work/err")"
        java_expect "a missing class" example.None '{}' '^\{"errorMessage":"Class not found: example.None","errorType":"java.lang.ClassNotFoundException"\}$' 1 $by_layer
        grep -q 'Error Type: Runtime.BadFunctionCode$' "$work/err" || fail "Java: a missing class's type: $(cat "$work/err")"
        java_expect "a missing method" example.App::none '{}' '^\{"errorMessage":"No public method named none with appropriate method signature found on class example.App"\}$' 1 $by_layer
        java_expect "a class that fails at the start" 'example.App$Broken::handle' '{}' '^\{"errorMessage":"Error loading class example.App\$Broken","errorType":"java.lang.ExceptionInInitializerError"\}$' 1 $by_layer
        java_expect "a timeout" example.App::sleep '{}' '"errorType":"Sandbox.Timedout".*Task timed out after 5.00 seconds"' 1 $by_layer
        java_expect "a full heap" example.App::fill '{}' '^\{"errorMessage":"Java heap space","errorType":"java.lang.OutOfMemoryError"' 1 $by_layer
        java_expect "an exit" example.App::exit '{}' 'Error: Runtime exited with error: exit status 3"' 1 $by_layer
        java_expect "the largest response" example.App::large '{"size":6291556}' '^"x+"$' 0 $by_layer
        java_expect "a larger one" example.App::large '{"size":6291557}' 'Function.ResponseSizeTooLarge' 1 $by_layer
        java_expect "the package's own client" example.App::where '{"class":"com.amazonaws.services.lambda.runtime.Context"}' '^\["/var/task/lib/aws-lambda-java-core-1\.4\.0\.jar","AppClassLoader"\]$' 0 "$work/whole.zip"
        java_expect "a library in a layer" example.App::where '{"class":"com.iopipe.http.NullConnection"}' '^\["/opt/java/lib/iopipe-1\.3\.0\.jar","CustomerClassLoader"\]$' 0 --layers "$work/iopipe.zip" $by_layer
    }
    mkdir -p "$work/data"
    out=$(apart "$work/data" runtime add "$java" --client "$jars" 2>&1)
    code=$?
    judge "Java: runtime add --client" "^added $java.client: AWS's client, " 0
    out=$(apart "$work/data" -q --cache-dir "$work/cache" --runtime "$java" --memory 512 --timeout 5 --handler example.App::where \
        -e '{"class":"com.amazonaws.services.lambda.runtime.Context"}' "$work/classes.zip" 2>&1)
    code=$?
    judge "Java: a client of the store" '^\["/var/runtime/lib/aws-lambda-java-core-1\.4\.0\.jar","AppClassLoader"\]$' 0
}
