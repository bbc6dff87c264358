// Functions as CDK's own constructs make them: assets, inline code, layers, a URL, APIs, a nested stack, two stacks of which one imports
// from the other, and the provider of a custom resource, which is nobody's function.
const cdk = require('aws-cdk-lib')
const lambda = require('aws-cdk-lib/aws-lambda')
const apigateway = require('aws-cdk-lib/aws-apigateway')
const apigatewayv2 = require('aws-cdk-lib/aws-apigatewayv2')
const authorizers = require('aws-cdk-lib/aws-apigatewayv2-authorizers')
const integrations = require('aws-cdk-lib/aws-apigatewayv2-integrations')
const s3 = require('aws-cdk-lib/aws-s3')

const app = new cdk.App()
const python = new lambda.Runtime(process.env.PYTHON_RUNTIME || 'python3.11', lambda.RuntimeFamily.PYTHON, { supportsInlineCode: true })

class Nested extends cdk.NestedStack {
  constructor (scope, id, layer) {
    super(scope, id)
    new lambda.Function(this, 'Inner', {
      runtime: python, handler: 'app.inner', code: lambda.Code.fromAsset('orders'), layers: [layer], environment: { WHERE: 'nested' }
    })
  }
}

class Shop extends cdk.Stack {
  constructor (scope, id) {
    super(scope, id)
    const shared = new lambda.LayerVersion(this, 'Shared', { code: lambda.Code.fromAsset('shared') })
    const words = new lambda.LayerVersion(this, 'Words', { code: lambda.Code.fromAsset('words') })
    const bucket = new s3.Bucket(this, 'Bucket', { removalPolicy: cdk.RemovalPolicy.DESTROY, autoDeleteObjects: true })
    this.orders = new lambda.Function(this, 'Orders', {
      runtime: python, handler: 'app.handler', code: lambda.Code.fromAsset('orders'), layers: [shared], memorySize: 256,
      timeout: cdk.Duration.seconds(7), ephemeralStorageSize: cdk.Size.mebibytes(1024), functionName: 'orders-dev',
      environment: { REGION: this.region, STAGE: 'dev', BUCKET: bucket.bucketName, HOME_URL: `https://${this.region}.${this.urlSuffix}/` }
    })
    this.orders.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE, cors: { allowedOrigins: ['*'] } })
    const hello = new lambda.Function(this, 'Hello', {
      runtime: lambda.Runtime.NODEJS_20_X, handler: 'index.handler', code: lambda.Code.fromAsset('hello'), layers: [words, shared],
      loggingFormat: lambda.LoggingFormat.JSON, applicationLogLevelV2: lambda.ApplicationLogLevel.DEBUG, systemLogLevelV2: lambda.SystemLogLevel.WARN,
      architecture: lambda.Architecture.ARM_64, environment: { ORDERS: this.orders.functionArn, ORDERS_NAME: this.orders.functionName }
    })
    hello.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM, invokeMode: lambda.InvokeMode.RESPONSE_STREAM })
    const inline = new lambda.Function(this, 'Inline', {
      runtime: python, handler: 'index.handler', code: lambda.Code.fromInline('def handler(event, context):\n    return {"inline": event}\n')
    })
    new Nested(this, 'Nested', shared)
    const keys = new authorizers.HttpLambdaAuthorizer('Keys', inline, {
      responseTypes: [authorizers.HttpLambdaResponseType.SIMPLE], identitySource: ['$request.header.X-Key']
    })
    const front = new apigatewayv2.HttpApi(this, 'Front', { corsPreflight: { allowOrigins: ['https://a.example'] } })
    front.addRoutes({
      path: '/orders/{id}', methods: [apigatewayv2.HttpMethod.GET], authorizer: keys,
      integration: new integrations.HttpLambdaIntegration('ToOrders', this.orders)
    })
    front.addRoutes({
      path: '/files/{rest+}', methods: [apigatewayv2.HttpMethod.ANY],
      integration: new integrations.HttpLambdaIntegration('ToHello', hello, { payloadFormatVersion: apigatewayv2.PayloadFormatVersion.VERSION_1_0 })
    })
    const rest = new apigateway.LambdaRestApi(this, 'Rest', { handler: this.orders, proxy: false, deployOptions: { stageName: 'live' } })
    const items = rest.root.addResource('items')
    items.addMethod('GET')
    items.addResource('{item}').addMethod('ANY', new apigateway.LambdaIntegration(hello))
  }
}

class Other extends cdk.Stack {
  constructor (scope, id, shop) {
    super(scope, id)
    new lambda.Function(this, 'Caller', {
      runtime: python, handler: 'app.caller', code: lambda.Code.fromAsset('orders'), environment: { ORDERS: shop.orders.functionArn, STACK: this.stackName }
    })
  }
}

new Other(app, 'Other', new Shop(app, 'Shop'))
