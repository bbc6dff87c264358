// SPDX-License-Identifier: Apache-2.0
package words

const Hello = "hello"
