//! ECDSA signatures in their two forms: DER, and both numbers beside each other (IEEE P1363).

use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode, Encode, Reader, SliceReader};

/// Of numbers that have `width` bytes each.
pub(crate) fn to_p1363(der: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let numbers = reader.sequence(|reader| {
        Ok::<_, pkcs8::der::Error>((UintRef::decode(reader)?.as_bytes(), UintRef::decode(reader)?.as_bytes()))
    });
    let (r, s) = numbers.ok()?;
    reader.finish().ok()?;
    let mut output = vec![0; 2 * width];
    let (first, second) = output.split_at_mut(width);
    for (half, number) in [(first, r), (second, s)] {
        let from = width.checked_sub(number.len())?;
        half[from..].copy_from_slice(number);
    }
    Some(output)
}

pub(crate) fn from_p1363(bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    if bytes.len() != 2 * width {
        return None;
    }
    let (r, s) = bytes.split_at(width);
    let mut body = UintRef::new(r).ok()?.to_der().ok()?;
    body.extend(UintRef::new(s).ok()?.to_der().ok()?);
    // At most 2 * 69 bytes: one or two bytes of length.
    let length = u8::try_from(body.len()).ok()?;
    let mut der = if length < 128 { vec![0x30, length] } else { vec![0x30, 0x81, length] };
    der.extend(body);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_becomes_the_other_and_back() {
        for width in [32, 48, 66] {
            let mut bytes = vec![0; 2 * width];
            bytes[3] = 0x80;
            bytes[width - 1] = 1;
            bytes[width..].fill(0xff);
            let der = from_p1363(&bytes, width).unwrap();
            assert_eq!(to_p1363(&der, width).unwrap(), bytes);
        }
        assert!(from_p1363(&[1; 63], 32).is_none());
        assert!(to_p1363(&[0x30, 3, 2, 1, 5], 32).is_none());
        assert!(to_p1363(&from_p1363(&[1; 96], 48).unwrap(), 32).is_none());
    }
}
