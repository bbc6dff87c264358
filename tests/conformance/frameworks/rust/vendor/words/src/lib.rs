// SPDX-License-Identifier: Apache-2.0
pub const HELLO: &str = "hello";
