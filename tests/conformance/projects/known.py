# SPDX-License-Identifier: Apache-2.0
"""What lrun reads otherwise than the project's own tool, and why: (run, pattern of "place = theirs | lrun's", reason). In all of them
CloudFormation's behaviour counts, since that is what a deployment does."""

KNOWN = [
    # SAM CLI reads a template to run it roughly; where it departs from CloudFormation, lrun follows CloudFormation.
    ("sam.*", r'Orders: env TABLE_ARN = "arn:aws:lambda:.*:function:Table" \| "arn:aws:dynamodb:.*:table/Table"', "SAM takes the Arn of whatever resource for a function's"),
    ("sam.*", r'Orders: env SECOND_BY_TEXT = "" \| "https://b\.example"', "CloudFormation takes the index of Fn::Select as text too; SAM leaves it unresolved, which becomes nothing"),
    ("sam.*", r'Orders: env WITH_MAP = "\$http://a\.b/c-(dev|prod)" \| "http://a\.b/c-(dev|prod)"', "SAM leaves a $ behind where Fn::Sub has a map"),
    ("sam.*", r'Orders: env LITERAL = "a \$\{!literal\} of (dev|prod)" \| "a \$\{literal\} of (dev|prod)"', "${!x} is CloudFormation's way to write ${x}; SAM leaves it"),
    ("sam.*", r'Orders: env SUFFIX = "localhost" \| "amazonaws\.com"', "AWS::URLSuffix is amazonaws.com in CloudFormation"),
    ("sam.*", r"Orders: tmp-size = 512 \| 1024", "SAM does not read EphemeralStorage"),
    ("sam.*", r'Hello: url-mode = null \| "stream"', "SAM does not say InvokeMode: it has no function URLs"),
    ("sam.*", r'Values: env NOTHING = "" \| "-"', "AWS::NoValue takes the variable away; SAM sets it to nothing"),
    ("sam|sam-prod", r'Values: env (true = "a name" \| "-"|YES = "-" \| "a name")', "YAML 1.1 reads the key YES as a truth in SAM; a variable's name is text"),
    ("sam-built|sam", r'Audit(: .*)? = .* \| "-"', "its condition is false: CloudFormation does not create it; SAM does not look"),
    ("sam.*", r'Imports = "a function" \| "refused"|Imports: refused = .*SHARED of Imports: Fn::ImportValue shared-value is not known \(--import shared-value=VALUE\)"',
     "SAM sets a variable that it cannot resolve to nothing; lrun asks for it"),
    ("sam.*", r'ImportsLayer = "a function" \| "refused"|ImportsLayer: refused = .*Fn::ImportValue shared-layer is not known \(--import shared-layer=VALUE\)"',
     "SAM drops a layer that it cannot resolve; lrun asks for it"),
    ("sam.*", r'Child/Greet: layers = \["Words"\] \| \["words"\]', "a layer that a nested stack has as a parameter is only a name to SAM, which then asks AWS for it"),
    ("sam.*", r'Child/Greet: env STACK = "local" \| "local-Child"', "a nested stack has a name of its own"),
    ("sam.*", r'route rest GET /described/\{id\} = "-" \| \[\["Packed", .*', "to SAM, ANY takes away a method beside it; in API Gateway a method goes before ANY"),

    # CDK
    ("cdk", r'CustomS3AutoDelete\w+(: .*)? = .* \| "-"', "the provider of a custom resource is CDK's own function, for deployments"),
    ("cdk", r'OrdersA9B65338: env BUCKET = null \| "Bucket83908E77"', "the name of a bucket that no template names stands for itself, as in SAM"),

    # Serverless: what it packages and what it says of it
    ("serverless.*|osls.*", r'OrdersLambdaFunction: env TOPIC = "\{\\"Ref\\":\\"Topic\\"\}" \| "arn:aws:sns:eu-west-1:123456789012:Topic"',
     "Serverless leaves references to CloudFormation, where a topic's Ref is its ARN"),
    ("(serverless|osls)(-prod)?-raw", r'\w+: code = "\.serverless/[\w-]+\.zip" \| "\."', "nothing was packaged: the service's directory is the code"),
    ("(serverless|osls)(-prod)?-raw", r'\w+: layers = \["\.serverless/[\w-]+\.zip"\] \| \["\w+"\]', "nothing was packaged: a layer is the directory that path names"),
    ("serverless(-prod)?-raw", r'PlainLambdaFunction: (log-format = null \| "json"|application-log-level = null \| "debug")', "logs is not in version 3, but in osls and version 4"),
]
