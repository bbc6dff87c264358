// SPDX-License-Identifier: Apache-2.0
import { LambdaClient } from "@aws-sdk/client-lambda";

export const handler = async () => [typeof LambdaClient, import.meta.resolve("@aws-sdk/client-lambda"), new LambdaClient({}).config.serviceId];
