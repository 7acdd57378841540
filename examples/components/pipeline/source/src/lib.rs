//! The first stage of the pipeline: data for a query.

wit_bindgen::generate!({ world: "source", path: "source.wit" });

struct Source;

impl exports::demo::pipeline::data_source::Guest for Source {
    fn fetch_data(query: String) -> Vec<u8> {
        format!("Data for query: {query}").into_bytes()
    }
}

export!(Source);
