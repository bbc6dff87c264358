# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api in the folder of a SAM template: its Events, authorizers and CORS, with nothing else said."""
import json
import re
import sys

import pytest

from support.apis import Api

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.11, Handler: index.h, Timeout: 20}
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      BinaryMediaTypes: [image~1png]
      Variables: {k: v}
      Cors: {AllowOrigin: "'http://localhost:5173'", AllowMethods: "'GET,POST'", MaxAge: "'600'"}
      Auth:
        DefaultAuthorizer: Token
        Authorizers:
          Token: {FunctionArn: !GetAtt Auth.Arn, Identity: {Header: X-Token, ValidationExpression: 'allow.*'}}
          Request: {FunctionPayloadType: REQUEST, FunctionArn: !GetAtt Auth.Arn, Identity: {Headers: [X-One], QueryStrings: [q], StageVariables: [k]}}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Simple: {FunctionArn: !GetAtt Auth.Arn, AuthorizerPayloadFormatVersion: '2.0', EnableSimpleResponses: true, Identity: {Headers: [Authorization]}}
  Auth:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def h(e, c):
            if e.get('version') == '2.0': return {'isAuthorized': True, 'context': {'who': 'me'}}
            return {'principalId': 'me', 'policyDocument': {'Statement': [{'Effect': 'Allow', 'Action': 'execute-api:Invoke', 'Resource': '*'}]}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        import json
        def h(e, c): return {'statusCode': 200, 'body': json.dumps(e)}
      Events:
        A: {Type: Api, Properties: {Path: '/orders/{id}', Method: get, RestApiId: !Ref Rest}}
        B: {Type: Api, Properties: {Path: '/free', Method: any, RestApiId: !Ref Rest, Auth: {Authorizer: NONE}}}
        C: {Type: Api, Properties: {Path: '/asked', Method: get, RestApiId: !Ref Rest, Auth: {Authorizer: Request}}}
        D: {Type: HttpApi, Properties: {Path: '/one/{p+}', Method: GET, ApiId: !Ref Http, PayloadFormatVersion: '1.0'}}
        E: {Type: HttpApi, Properties: {Path: '/simple', Method: GET, ApiId: !Ref Http, Auth: {Authorizer: Simple}}}
        F: {Type: HttpApi}
        G: {Type: Api, Properties: {Path: '/implicit', Method: post}}
"""


@pytest.fixture
def project(serve, tmp):
    (tmp / "template.yaml").write_text(TEMPLATE.replace("python3.11", "python%d.%d" % sys.version_info[:2]))
    (tmp / "template.yaml").chmod(0o644)
    a = Api.__new__(Api)
    a.server = serve("--api", 0)
    return a


def test_a_templates_apis_are_served(project):
    a = project
    assert set(re.findall(r"API (\S+): http", a.log)) == {"Rest", "Http", "ServerlessHttpApi", "ServerlessRestApi"}
    e = a.event("/orders/7", headers={"X-Token": "allow-me"})
    assert e["resource"] == "/orders/{id}" and e["requestContext"]["stage"] == "dev" and e["stageVariables"] == {"k": "v"} and e["requestContext"]["authorizer"] == {"principalId": "me"}
    for headers in ({}, {"X-Token": "no"}):
        assert a.request("/orders/7", headers=headers).status == 401
    assert a.event("/free", "PUT")["httpMethod"] == "PUT" and a.request("/asked?q=1").status == 401 and a.event("/asked?q=1", headers={"X-One": "1"})
    assert a.request("/orders/7", "OPTIONS").headers["access-control-allow-methods"] == "GET,POST"
    assert a.event("/free", "POST", b"\x89", {"Content-Type": "image/png"})["isBase64Encoded"] is True
    assert a.event("/one/a/b")["version"] == "1.0" and a.event("/simple", headers={"Authorization": "x"})["requestContext"]["authorizer"] == {"lambda": {"who": "me"}}
    assert a.event("/any/thing")["routeKey"] == "$default" and a.event("/implicit", "POST", "{}", {"Content-Type": "application/json"})["requestContext"]["stage"] == "Prod"
    assert json.loads(a.event("/implicit", "POST", '{"a":1}', {"Content-Type": "application/json"})["body"]) == {"a": 1}
