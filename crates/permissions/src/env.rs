//! What a guest sees as its environment: exactly what the app wrote down, nothing of the process's own.

/// Variables that were checked, in the order in which the app states them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: Vec<(String, String)>,
}

/// A variable that no environment can have.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("permissions.env: {0}")]
pub struct InvalidVariable(String);

impl Environment {
    /// Checks the variables; of two with one name the latter counts.
    ///
    /// # Errors
    /// A name that is empty or has `=` or a zero byte, a value that has a zero byte.
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Result<Self, InvalidVariable> {
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, value) in given {
            if name.is_empty() || name.contains(['=', '\0']) {
                let shown: String = name.chars().take(100).collect();
                return Err(InvalidVariable(format!("Expected a name without '=' but received {shown:?}")));
            }
            if value.contains('\0') {
                return Err(InvalidVariable(format!("Expected a value without zero bytes for {name:?}")));
            }
            match variables.iter_mut().find(|(other, _)| *other == name) {
                Some((_, old)) => *old = value,
                None => variables.push((name, value)),
            }
        }
        Ok(Self { variables })
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Environment, InvalidVariable> {
        Environment::new(variables.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())))
    }

    #[test]
    fn variables_keep_their_order_and_the_latter_of_two_counts() {
        let found = environment(&[("B", "1"), ("A", ""), ("B", "2")]).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), [("B", "2"), ("A", "")]);
    }

    #[test]
    fn what_no_environment_can_have_is_refused() {
        for wrong in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "x\0")] {
            let error = environment(&[wrong]).unwrap_err();
            assert!(error.to_string().starts_with("permissions.env: Expected "), "{error}");
        }
    }
}
