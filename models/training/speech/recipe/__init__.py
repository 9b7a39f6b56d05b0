"""How the embedded speech model is made. README.md in the folder above says what each part is for."""
