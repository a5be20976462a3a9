"""Models of language, made small here: random weights, a configuration and a tokenizer of their own."""

import os
import tempfile
from importlib.metadata import version

import numpy as np
from kind import Data, Said, kind

from data import WORDS, reviews

PIPELINE = "mlflow.transformers.log_model(pipeline, input_example=…, pip_requirements=[…])"


def make_tokenizer():
    """Words of the reviews alone."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS["good"], *WORDS["bad"]]
    places = {word: place for place, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(places, unk_token="[UNK]"))  # noqa: S106 - a word, no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "mask_token": "[MASK]"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=16, **special)


def make_config():
    """A BERT of two heads."""
    from transformers import BertConfig

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    labels = {"id2label": {0: "bad", 1: "good"}, "label2id": {"bad": 0, "good": 1}}
    return BertConfig(vocab_size=13, max_position_embeddings=16, **sizes, **labels)


def make_pipeline(task: str, made: str):
    """A pipeline of transformers."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    import transformers

    torch.manual_seed(0)
    model = getattr(transformers, made)(make_config()).eval()
    return transformers.pipeline(task, model=model, tokenizer=make_tokenizer())


def log(pipeline, texts: list[str]):
    """Logs it as the documentation does: an example is a list of texts.

    Without requirements of its own MLflow writes down the version of torchvision, which no pipeline of texts needs.
    """
    import mlflow.transformers

    packages = [f"{name}=={version(name)}" for name in ("transformers", "torch")]
    mlflow.transformers.log_model(pipeline, name="model", input_example=texts, pip_requirements=packages)


@kind("transformers, classification of texts: label and score", PIPELINE, reviews)
def text_classification(train: Data):
    pipeline = make_pipeline("text-classification", "BertForSequenceClassification")
    log(pipeline, train.inputs["text"].head(2).tolist())
    return lambda inputs: Said([one["label"] for one in pipeline(inputs["text"].tolist())])


@kind("transformers, words filled in", PIPELINE, reviews, outcome="prediction-failed")
def fill_mask(train: Data):
    pipeline = make_pipeline("fill-mask", "BertForMaskedLM")
    log(pipeline, ["fine [MASK] great"])
    return lambda inputs: Said(["good"] * len(inputs))


@kind("transformers, features of texts", PIPELINE, reviews, outcome="answers-other-rows")
def text_features(train: Data):
    pipeline = make_pipeline("feature-extraction", "BertModel")
    log(pipeline, train.inputs["text"].head(2).tolist())
    return lambda inputs: Said(["good"] * len(inputs))


@kind("transformers, a class for each word", PIPELINE, reviews, outcome="answers-unknown")
def word_classes(train: Data):
    pipeline = make_pipeline("token-classification", "BertForTokenClassification")
    log(pipeline, train.inputs["text"].head(2).tolist())
    return lambda inputs: Said(["good"] * len(inputs))


def make_sentences():
    """A sentence transformer of one small BERT."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertModel

    torch.manual_seed(0)
    folder = tempfile.mkdtemp()
    BertModel(make_config()).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    words = Transformer(folder)
    return SentenceTransformer(modules=[words, Pooling(16)])


@kind(
    "sentence-transformers: embeddings",
    "mlflow.sentence_transformers.log_model(model, …)",
    reviews,
    outcome="answers-unstated",
)
def sentence_embeddings(train: Data):
    import mlflow.sentence_transformers

    model = make_sentences()
    mlflow.sentence_transformers.log_model(model, name="model", input_example=train.inputs["text"].head(2).tolist())
    return lambda inputs: Said(["good"] * len(inputs))


@kind("a classifier over embeddings of sentences, in one model", "mlflow.pyfunc.log_model(python_model=…)", reviews)
def classified_embeddings(train: Data):
    import mlflow.pyfunc
    from sklearn.linear_model import LogisticRegression

    sentences = make_sentences()
    encode = lambda table: sentences.encode(table["text"].tolist(), show_progress_bar=False)  # noqa: E731
    classifier = LogisticRegression(C=100, max_iter=1000).fit(encode(train.inputs), np.array(train.labels.tolist()))

    class Classifier(mlflow.pyfunc.PythonModel):
        """Embeds, and classifies."""

        def predict(self, context, model_input, params=None):
            """A label for each text."""
            return classifier.predict(encode(model_input))

    mlflow.pyfunc.log_model(name="model", python_model=Classifier(), input_example=train.inputs.head(2))
    return lambda inputs: Said(classifier.predict(encode(inputs)))
