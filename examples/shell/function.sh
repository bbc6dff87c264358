handler () {
    echo "event: $1" 1>&2
    echo "{\"echo\": $1, \"from\": \"$AWS_LAMBDA_FUNCTION_NAME\"}"
}
