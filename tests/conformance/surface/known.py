# SPDX-License-Identifier: Apache-2.0
"""What of the surface differs, and why that may be: (family of runtimes, pattern of the place, reason)."""

KNOWN = [
    # Python
    ("python", r"at import: modules", "AWS's loads simplejson, which is a package of its own (--sdk can bring it), and runtime_client, native code"),
    ("python", r"at import: modules of the client|module awslambdaric(\.__main__|\.lambda_config)\b.*", "lambda_config chooses between Lambda and Managed Instances; lrun has one way for both"),
    ("python", r"module awslambdaric\.bootstrap: (AWS_LAMBDA_INITIALIZATION_TYPE|INIT_TYPE_SNAP_START|on_init_complete)", "there is no SnapStart in lrun"),
    ("python", r"module awslambdaric\.bootstrap: init_logging", "for Managed Instances, whose processes AWS's client forks"),
    ("python", r"module awslambdaric\.bootstrap: StandardLogSink\.__init__", "it does nothing"),
    ("python", r"module awslambdaric\.lambda_context: (Client|ClientContext|CognitoIdentity)(\.__repr__)?", "they share a base; their text is compared"),
    ("python", r"module awslambdaric\.lambda_literals: _.*", "parts of the text for previews"),
    ("python", r"module awslambdaric\.lambda_runtime_client: BaseLambdaRuntimeClient\.(report_restore_error|restore_next)", "there is no SnapStart in lrun"),
    ("python", r"module awslambdaric\.lambda_runtime_client: (.*\.(handle_.*|_get_next.*)|DEFAULT_RETRY_.*|LambdaMultiConcurrentRuntimeClient)", "retries of Managed Instances"),
    ("python", r"module awslambdaric\.lambda_runtime_client: BaseLambdaRuntimeClient\.call_rapid", "AWS's second way, by http.client, to what its native code speaks"),
    ("python", r"module awslambdaric\.lambda_runtime_client: _user_agent", "AWS's, for its native code"),
    ("python", r"module awslambdaric\.lambda_runtime_marshaller: Encoder(\..*)?", "AWS's is one of simplejson's; what it writes is compared"),
    ("python", r"module awslambdaric\.lambda_runtime_log_utils: (JsonFormatter\._JsonFormatter__.*|_encode_json)", "private to AWS's"),
    ("python", r"module awslambdaric\.\w+: (\w+\.)?_\w+", "private to lrun's"),
    ("python", r"module awslambdaric\.lambda_runtime_client: _Connection\..*", "private to lrun's"),
    ("python", r"module awslambdaric(\.lambda_runtime_client)?: __version__", "lrun's says so"),

    # Node.js
    ("nodejs", r"module", "AWS's has loaded its native part"),
]
