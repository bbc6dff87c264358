// SPDX-License-Identifier: Apache-2.0
pub fn greet(name: &str) -> String {
    format!("{} {}", words::HELLO, name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn greets() {
        assert_eq!(super::greet("you"), "hello you");
    }

    #[test]
    fn fails() {
        assert_eq!(super::greet("you"), "bye");
    }
}
