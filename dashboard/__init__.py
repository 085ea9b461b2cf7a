"""The pages: Streamlit on top of the engine, no arithmetic."""
