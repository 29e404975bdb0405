"""The register of documents as it is shown, brought in and issued. What is entered, and when, is services.register."""
