/* SPDX-License-Identifier: Apache-2.0 */
/* What templates say of APIs: each row is a template's resources, and its APIs as lines: "id type stage", "  METHOD path function ...". */
#include "tests/unit/project.h"

static void show_authorizer(const struct model_authorizer *a, struct text *to)
{
    text_printf(to, "  authorizer %s %s", a->name, a->kind);
    if (a->function)
        text_printf(to, " %s %s", a->function, a->payload);
    text_puts(to, a->simple ? " simple" : "");
    if (a->header)
        text_printf(to, " header=%s", a->header);
    if (a->expression)
        text_printf(to, " expression=%s", a->expression);
    for (size_t i = 0; i < a->identity_count; i++)
        text_printf(to, " %s", a->identity[i]);
    text_puts(to, "\n");
}

static void show_api(const struct model_api *api, struct text *to)
{
    text_printf(to, "%s %s %s%s%s\n", api->id, api->http ? "http" : "rest", api->stage, api->default_authorizer ? " default=" : "",
                api->default_authorizer ? api->default_authorizer : "");
    for (size_t i = 0; i < api->route_count; i++) {
        const struct model_route *r = &api->routes[i];
        text_printf(to, "  %s %s %s %s", r->method, r->path, r->function, r->payload);
        if (r->authorizer)
            text_printf(to, " authorizer=%s", r->authorizer);
        if (r->operation)
            text_printf(to, " operation=%s", r->operation);
        text_puts(to, "\n");
    }
    for (size_t i = 0; i < api->authorizer_count; i++)
        show_authorizer(&api->authorizers[i], to);
    for (size_t i = 0; i < api->binary_count; i++)
        text_printf(to, "  binary %s\n", api->binary_types[i]);
    for (size_t i = 0; i < api->variable_count; i++)
        text_printf(to, "  variable %s=%s\n", api->variables[i].name, api->variables[i].value);
    if (api->cors) {
        char cors[512] = "";
        project_show(api->cors, cors, sizeof(cors));
        text_printf(to, "  cors %s\n", cors);
    }
}

#define SAM "Transform: AWS::Serverless-2016-10-31\n"
#define FN(id, events) "  " id ": {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Events: {" events "}}}\n"
#define CFN(id) "  " id ": {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}\n"

// clang-format off
static const struct {
    const char *template, *apis, *note; /* note: a part of one; NULL: none is loud */
} ROWS[] = {
    /* SAM's own APIs, made for events that name none. */
    {SAM "Globals:\n  Api: {BinaryMediaTypes: [image~1png], Cors: \"'*'\"}\n  HttpApi: {CorsConfiguration: true}\nResources:\n" FN(
         "A",
         "One: {Type: Api, Properties: {Path: /orders, Method: any}}, Two: {Type: HttpApi, Properties: {Path: '/o/{id}', Method: get}},"
         "Three: {Type: HttpApi}, Four: {Type: S3},"
         "Five: {Type: HttpApi, Properties: {Path: /v1, Method: '*', PayloadFormatVersion: '1.0'}}"),
     "ServerlessRestApi rest Prod\n  ANY /orders A 1.0\n  binary image/png\n"
     "  cors {AllowOrigins: [*], AllowMethods: [DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT]}\n"
     "ServerlessHttpApi http $default\n  GET /o/{id} A 2.0\n  ANY $default A 2.0\n  ANY /v1 A 1.0\n  cors {AllowOrigins: [*]}\n",
     NULL},
    /* Its resources, with authorizers of every kind. */
    {SAM
     "Resources:\n" FN("Check",
                       "") FN("A", "One: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Rest}},"
                                   "Two: {Type: Api, Properties: {Path: /b, Method: post, RestApiId: !Ref Rest, Auth: {Authorizer: NONE}}},"
                                   "Three: {Type: Api, Properties: {Path: /c, Method: post, RestApiId: !Ref Rest, Auth: {Authorizer: "
                                   "Asked}}},"
                                   "Four: {Type: Api, Properties: {Path: /d, Method: post, RestApiId: !Ref Rest, Auth: {Authorizer: "
                                   "AWS_IAM}}}") "  Rest:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: dev\n      "
                                                 "Variables: {K: V}\n"
                                                 "      Cors: {AllowMethods: \"'GET, POST'\", AllowOrigin: \"'https://a'\", MaxAge: "
                                                 "\"'600'\", AllowCredentials: true}\n"
                                                 "      Auth:\n        DefaultAuthorizer: Token\n        Authorizers:\n"
                                                 "          Token: {FunctionArn: !GetAtt Check.Arn, Identity: {Header: X-Token, "
                                                 "ValidationExpression: a.*}}\n"
                                                 "          Asked: {FunctionArn: !GetAtt Check.Arn, FunctionPayloadType: REQUEST, "
                                                 "Identity: {Headers: [H], QueryStrings: [q]}}\n"
                                                 "          Pool: {UserPoolArn: x}\n",
     "Rest rest dev default=Token\n  GET /a A 1.0\n  POST /b A 1.0 authorizer=NONE\n  POST /c A 1.0 authorizer=Asked\n"
     "  POST /d A 1.0 authorizer=AWS_IAM\n  authorizer Token token Check 1.0 header=X-Token expression=a.*\n"
     "  authorizer Asked request Check 1.0 header.H querystring.q\n  authorizer Pool cognito\n  authorizer AWS_IAM iam\n"
     "  variable K=V\n  cors {AllowOrigins: [https://a], AllowMethods: [GET, POST], AllowCredentials: true, MaxAge: 600}\n",
     NULL},
    {SAM "Resources:\n" FN("Check", "")
         FN("A",
            "One: {Type: HttpApi, Properties: {Path: /a, Method: get, ApiId: !Ref Http}}") "  Http:\n    Type: AWS::Serverless::HttpApi\n  "
                                                                                           "  Properties:\n      StageName: v1\n      "
                                                                                           "StageVariables: {K: V}\n"
                                                                                           "      CorsConfiguration: {AllowOrigins: [x], "
                                                                                           "MaxAge: 5}\n"
                                                                                           "      Auth:\n        DefaultAuthorizer: L\n    "
                                                                                           "    Authorizers:\n"
                                                                                           "          L: {FunctionArn: !GetAtt Check.Arn, "
                                                                                           "AuthorizerPayloadFormatVersion: '2.0', "
                                                                                           "EnableSimpleResponses: true,\n"
                                                                                           "              Identity: {Headers: "
                                                                                           "[Authorization]}}\n"
                                                                                           "          J: {JwtConfiguration: {issuer: x}}\n",
     "Http http v1 default=L\n  GET /a A 2.0\n  authorizer L request Check 2.0 simple header.Authorization\n  authorizer J jwt\n"
     "  variable K=V\n  cors {AllowOrigins: [x], MaxAge: 5}\n",
     NULL},
    {SAM "Resources:\n" FN("A", "One: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: elsewhere}},"
                                "Two: {Type: Api, Properties: {Path: /b, Method: get, Auth: {Authorizer: Lost}}}"),
     "ServerlessRestApi rest Prod\n  GET /b A 1.0\n", "authorizer Lost of ServerlessRestApi is unknown"},
    /* CloudFormation's, as CDK and Serverless write them. */
    {"Resources:\n" CFN("A") CFN(
         "Check") "  Api: {Type: AWS::ApiGateway::RestApi, Properties: {BinaryMediaTypes: ['*/*']}}\n"
                  "  Orders: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, "
                  "PathPart: orders}}\n"
                  "  One: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !Ref Orders, PathPart: '{id}'}}\n"
                  "  Auth: {Type: AWS::ApiGateway::Authorizer, Properties: {RestApiId: !Ref Api, Type: TOKEN, AuthorizerUri: !Sub "
                  "'x/${Check.Arn}/y',\n"
                  "         IdentitySource: method.request.header.X-Token}}\n"
                  "  M1: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, "
                  "HttpMethod: ANY,\n"
                  "       Integration: {Type: AWS_PROXY, Uri: !Join ['', ['arn:', !GetAtt [A, Arn], /invocations]]}}}\n"
                  "  M2: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref One, HttpMethod: GET, "
                  "OperationName: GetOne,\n"
                  "       AuthorizationType: CUSTOM, AuthorizerId: !Ref Auth,\n"
                  "       Integration: {Type: AWS_PROXY, Uri: !Sub 'a/${Alias}/invocations'}}}\n"
                  "  M3: {Type: AWS::ApiGateway::Method, Properties: {RestApiId: !Ref Api, ResourceId: !Ref One, HttpMethod: PUT, "
                  "Integration: {Type: HTTP}}}\n"
                  "  Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref A, Name: live}}\n"
                  "  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: v2, Variables: {K: V}}}\n",
     "Api rest v2\n  ANY / A 1.0\n  GET /orders/{id} A 1.0 authorizer=Auth operation=GetOne\n"
     "  authorizer Auth token Check 1.0 header=X-Token\n  binary */*\n  variable K=V\n",
     "method M3 is left out: its integration is HTTP, not AWS_PROXY"},
    {"Resources:\n" CFN("A") CFN(
         "Check") "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ['*']}}}\n"
                  "  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationUri: !GetAtt A.Arn, "
                  "PayloadFormatVersion: '2.0'}}\n"
                  "  Old: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationUri: !GetAtt A.Arn}}\n"
                  "  R1: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: 'GET /x/{id}', AuthorizerId: !Ref Auth,\n"
                  "       Target: !Join ['/', [integrations, !Ref Int]]}}\n"
                  "  R2: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: $default, Target: !Sub "
                  "'integrations/${Old}'}}\n"
                  "  Auth: {Type: AWS::ApiGatewayV2::Authorizer, Properties: {ApiId: !Ref Api, AuthorizerType: REQUEST, AuthorizerUri: "
                  "!GetAtt Check.Arn,\n"
                  "         AuthorizerPayloadFormatVersion: '2.0', EnableSimpleResponses: true, IdentitySource: ['$request.header.X']}}\n"
                  "  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default, StageVariables: {K: V}}}\n"
                  "  Quick: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, RouteKey: 'POST /q', Target: !GetAtt A.Arn}}\n"
                  "  Socket: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET}}\n",
     "Api http $default\n  GET /x/{id} A 2.0 authorizer=Auth\n  ANY $default A 1.0\n"
     "  authorizer Auth request Check 2.0 simple header.X\n  variable K=V\n  cors {AllowOrigins: [*]}\nQuick http $default\n  POST /q A "
     "2.0\n",
     "Socket is left out: lrun serves no WEBSOCKET APIs"},
    /* OpenAPI bodies: in the template, and in a file. */
    {SAM "Resources:\n" FN("A", "")
         FN("Check",
            "") "  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: dev\n      DefinitionBody:\n        swagger: "
                "'2.0'\n"
                "        x-amazon-apigateway-binary-media-types: [image/gif]\n        security: [{Custom: []}]\n"
                "        securityDefinitions:\n          Custom: {type: apiKey, name: X-Token, in: header, x-amazon-apigateway-authtype: "
                "custom,\n"
                "            x-amazon-apigateway-authorizer: {type: token, authorizerUri: !Sub 'x/${Check.Arn}/invocations'}}\n"
                "        paths:\n          /a:\n            get: {operationId: getA, x-amazon-apigateway-integration: {type: aws_proxy,\n"
                "              uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${A.Arn}/invocations'}}\n"
                "            x-amazon-apigateway-any-method: {security: [], x-amazon-apigateway-integration: {type: AWS_PROXY, uri: "
                "!GetAtt A.Arn}}\n"
                "            put: {x-amazon-apigateway-integration: {type: http}}\n",
     "Api rest dev default=Custom\n  GET /a A 1.0 operation=getA\n  ANY /a A 1.0 authorizer=NONE\n"
     "  authorizer Custom token Check 1.0 header=X-Token\n  binary image/gif\n",
     "put /a of Api is left out: its integration is http, not aws_proxy"},
    {SAM "Resources:\n" FN(
         "A", "") "  Api: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionUri: api.yaml}}\n"
                  "  Same: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionBody: {Fn::Transform: {Name: AWS::Include,\n"
                  "         Parameters: {Location: api.yaml}}}}}\n"
                  "  Far: {Type: AWS::Serverless::HttpApi, Properties: {DefinitionUri: 's3://b/k'}}\n",
     "Api http $default\n  GET /f A 2.0\n  cors {AllowOrigins: [*]}\nSame http $default\n  GET /f A 2.0\n  cors {AllowOrigins: [*]}\n",
     "routes of Far are left out: s3://b/k is not in the project"},
    /* A stage's variable names the function; an asset is the body. */
    {SAM "Resources:\n" FN("A", "")
         "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: dev, Variables: {Fn: A}, DefinitionBody: {paths: {/s: {get:\n"
         "        {x-amazon-apigateway-integration: {type: aws_proxy, uri: !Join ['', [\n"
         "         !Sub 'x:path/functions/arn:aws:lambda:${AWS::Region}:', !Ref AWS::AccountId,\n"
         "         ':function:${stageVariables.Fn}/invocations']]}}}}}}}\n"
         "  Asset: {Type: AWS::ApiGateway::RestApi, Metadata: {aws:asset:path: api.yaml, aws:asset:property: BodyS3Location},\n"
         "          Properties: {BodyS3Location: {Bucket: b, Key: k}}}\n",
     "Api rest dev\n  GET /s A 1.0\n  variable Fn=A\nAsset rest Prod\n  GET /f A 1.0\n", NULL},
};
// clang-format on

static bool loud(const struct model *m, const char *part)
{
    for (size_t i = 0; i < m->note_count; i++)
        if (m->notes[i].loud && (!part || strstr(m->notes[i].text, part)))
            return true;
    return false;
}

Test(project_routes, each_way_to_say_them)
{
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        struct project p;
        struct text shown = {0};
        project_begin(&p);
        project_write(&p, "template.yaml", ROWS[i].template);
        project_write(&p, "api.yaml",
                      "openapi: 3.0.1\nx-amazon-apigateway-cors: {allowOrigins: ['*']}\npaths:\n  /f:\n    get:\n"
                      "      x-amazon-apigateway-integration: {type: aws_proxy, payloadFormatVersion: '2.0',\n"
                      "        uri: 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                      "arn:aws:lambda:us-east-1:123456789012:function:A/invocations'}\n");
        cr_assert(read_sam(&p.ask, &p.files, "template.yaml", &p.model, &p.err) == 0, "row %zu: %s %s", i, err_what(&p.err), p.err.path);
        text_puts(&shown, "");
        for (size_t k = 0; k < p.model.api_count; k++)
            show_api(&p.model.apis[k], &shown);
        cr_expect_str_eq(shown.at, ROWS[i].apis, "row %zu:\n%s", i, shown.at);
        cr_expect(ROWS[i].note ? loud(&p.model, ROWS[i].note) : !loud(&p.model, NULL), "row %zu: notes", i);
        text_done(&shown);
        project_end(&p);
    }
}
