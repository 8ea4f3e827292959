"""What is drawn on the board before anybody has drawn: three blobs of thirty points."""

START = (
    "fmpgaRFxth_Ch68QRlnhoFhyfHLATBthwlzife3gPhUxl9GSgO6gPFaRq56CnzPQXVuR0dlSjGxgP1PBpBvyfzgAMd6hvlvynrMQL9UxtI6CdeoA"
    "Rx6BsFfCmLLQQx6B4FRybrWgLR7hnNEik-9QXhzhyF2ise1wT9lhplOSdfNQGJrR1GKikSlQSZThlhTihvZQXdhBwtyyfaowMg9RuhTyf2fAO5oB"
    "ydjilO2gW5wBu02Sf68wQ1YhoZTSeLSQOY_R1BiyYSggXdKhypfiVy6gOpQxrFqihHiAY5Thrt1CjTCgPlpBt1hSYrEAL9nhkpLSkevwNFIRpNoy"
    "jjRAO1ihp1nSk2zwMNOxv5hy"
)
